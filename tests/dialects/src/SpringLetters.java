import java.lang.reflect.Proxy;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.ListenerExecutionFailedException;

/** A dead letter as Spring Kafka's recoverer makes it, caught where it would be sent. */
public final class SpringLetters {
  private static final class Catching extends DeadLetterPublishingRecoverer {
    Catching(KafkaOperations<?, ?> operations) {
      super(operations, (record, error) -> new TopicPartition(record.topic() + "-dlt", -1));
      setVerifyPartition(false);
    }

    @Override
    protected void publish(ProducerRecord<Object, Object> letter,
        KafkaOperations<Object, Object> operations, ConsumerRecord<?, ?> record) {
      Golden.print(letter.headers());
    }
  }

  public static void main(String[] arguments) {
    var nothing = (KafkaOperations<?, ?>) Proxy.newProxyInstance(
        SpringLetters.class.getClassLoader(), new Class<?>[] {KafkaOperations.class},
        (proxy, method, values) -> method.getReturnType() == boolean.class ? false : null);
    var failure = new ListenerExecutionFailedException("listener failed", "booking",
        Golden.failure());
    failure.setStackTrace(Golden.stackTrace());
    new Catching(nothing).accept(Golden.record(), null, failure);
  }
}
