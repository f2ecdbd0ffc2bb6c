import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** The record that fails, the failure, and how what becomes of it is written down. */
public final class Golden {
  static ConsumerRecord<byte[], byte[]> record() {
    var headers = new RecordHeaders();
    headers.add("own", bytes("kept"));
    return new ConsumerRecord<>("orders", 7, 4_294_967_301L, 1_767_225_600_123L,
        TimestampType.CREATE_TIME, 3, 5, bytes("key"), bytes("value"), headers, Optional.empty());
  }

  static IllegalStateException failure() {
    var failure = new IllegalStateException("the base is away: äöü");
    failure.setStackTrace(stackTrace());
    return failure;
  }

  /** Short, and the same wherever this runs. */
  static StackTraceElement[] stackTrace() {
    return new StackTraceElement[] {new StackTraceElement("Booking", "book", "Booking.java", 17)};
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** One line a header: its name and its value in hex. */
  public static void print(Headers headers) {
    for (var header : headers) {
      System.out.println(header.key() + " " + HexFormat.of().formatHex(header.value()));
    }
  }
}
