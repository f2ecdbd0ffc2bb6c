import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.internals.ExceptionHandlerUtils;
import org.apache.kafka.streams.processor.TaskId;

/** A dead letter as the handlers of Kafka Streams make it. */
public final class StreamsLetters {
  private record Context(String topic, int partition, long offset, Headers headers,
      String processorNodeId, TaskId taskId, long timestamp, byte[] sourceRawKey,
      byte[] sourceRawValue) implements ErrorHandlerContext {}

  public static void main(String[] arguments) {
    var record = Golden.record();
    var context = new Context(record.topic(), record.partition(), record.offset(),
        record.headers(), "node", new TaskId(0, 7), record.timestamp(), record.key(),
        record.value());
    for (var letter : ExceptionHandlerUtils.maybeBuildDeadLetterQueueRecords("orders-dlq",
             record.key(), record.value(), context, Golden.failure())) {
      Golden.print(letter.headers());
    }
  }
}
