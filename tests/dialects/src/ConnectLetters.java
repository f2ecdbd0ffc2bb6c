package org.apache.kafka.connect.runtime.errors;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.runtime.ConnectMetrics;
import org.apache.kafka.connect.runtime.SinkConnectorConfig;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.util.ConnectorTaskId;

/** A dead letter as Kafka Connect's reporter makes it; in its package, for what it keeps there. */
public final class ConnectLetters {
  public static void main(String[] arguments) throws Exception {
    var golden = Class.forName("Golden");
    var method = golden.getDeclaredMethod("record");
    method.setAccessible(true);
    @SuppressWarnings("unchecked")
    var record = (ConsumerRecord<byte[], byte[]>) method.invoke(null);
    var failing = golden.getDeclaredMethod("failure");
    failing.setAccessible(true);
    var context = new ProcessingContext<>(record);
    context.currentContext(Stage.TASK_PUT, StringBuilder.class);
    context.error((Throwable) failing.invoke(null));

    var plugins = new Plugins(Map.of());
    var config = new SinkConnectorConfig(plugins,
        Map.of("name", "booking", "connector.class", "Booking", "topics", "orders",
            "errors.deadletterqueue.topic.name", "orders-dlq",
            "errors.deadletterqueue.context.headers.enable", "true"));
    var task = new ConnectorTaskId("booking", 2);
    var serializer = new ByteArraySerializer();
    try (var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers",
             "127.0.0.1:1"), serializer, serializer);
         var reporter = new DeadLetterQueueReporter(producer, config, task,
             new ErrorHandlingMetrics(task, new ConnectMetrics("worker",
                 new org.apache.kafka.connect.runtime.standalone.StandaloneConfig(
                     Map.of("bootstrap.servers", "127.0.0.1:1", "offset.storage.file.filename",
                         "offsets", "key.converter",
                         "org.apache.kafka.connect.converters.ByteArrayConverter",
                         "value.converter",
                         "org.apache.kafka.connect.converters.ByteArrayConverter")),
                 org.apache.kafka.common.utils.Time.SYSTEM, "cluster")))) {
      var letter = new ProducerRecord<>("orders-dlq", null, record.timestamp(), record.key(),
          record.value(), record.headers());
      reporter.populateContextHeaders(letter, context);
      golden.getMethod("print", org.apache.kafka.common.header.Headers.class)
          .invoke(null, letter.headers());
    }
  }
}
