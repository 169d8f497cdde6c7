import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads a topic of Chorda with kafka-clients, Apache Avro and the registry's HTTP interface; nothing of ours is needed.
 *
 * <pre>
 * mvn dependency:copy-dependencies -DoutputDirectory=jars
 * KAFKA_BROKERS=127.0.0.1:4610 SCHEMA_REGISTRY_URL=http://127.0.0.1:4620/apis/ccompat/v7 \
 *   java -cp 'jars/*' ChordaConsumer.java external.webhook [COUNT]
 * </pre>
 *
 * Prints the id, the type and the payload of each event, and ends after COUNT of them.
 */
public class ChordaConsumer {
  private static final HttpClient http = HttpClient.newHttpClient();
  private static final ObjectMapper json = new ObjectMapper();
  /** A schema never changes, so each is asked for once. */
  private static final Map<Integer, Schema> schemas = new HashMap<>();

  public static void main(String[] args) throws Exception {
    int wanted = args.length > 1 ? Integer.parseInt(args[1]) : Integer.MAX_VALUE;
    Properties settings = new Properties();
    settings.put("bootstrap.servers", System.getenv("KAFKA_BROKERS"));
    settings.put("group.id", System.getenv().getOrDefault("GROUP_ID", "my-app.java-reader"));
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    // A sender that was not sure repeats an event with its id: (tenant, source, id) is one event.
    Set<List<String>> seen = new HashSet<>();
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      consumer.subscribe(List.of(args[0]));
      while (seen.size() < wanted) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          String id = header(record, "ce_id");
          if (!seen.add(List.of(header(record, "ce_tenantid"), header(record, "ce_source"), id))) continue;
          System.out.println(id + " " + header(record, "ce_type") + " " + decode(record.value()));
        }
        consumer.commitSync();
      }
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  /** Confluent's wire format: a zero byte, the schema id in four bytes, the Avro bytes. */
  private static GenericRecord decode(byte[] value) throws Exception {
    ByteBuffer prefix = ByteBuffer.wrap(value);
    if (prefix.get() != 0) throw new IllegalArgumentException("The value is not in Confluent's wire format");
    Schema writer = schemaOf(prefix.getInt());
    return new GenericDatumReader<GenericRecord>(writer)
        .read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null));
  }

  private static Schema schemaOf(int id) throws Exception {
    Schema known = schemas.get(id);
    if (known != null) return known;
    URI address = URI.create(System.getenv("SCHEMA_REGISTRY_URL") + "/schemas/ids/" + id);
    HttpResponse<String> answer =
        http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new IllegalStateException("Registry: " + answer.body());
    Schema schema = new Schema.Parser().parse(json.readTree(answer.body()).get("schema").asText());
    schemas.put(id, schema);
    return schema;
  }
}
