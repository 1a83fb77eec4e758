import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.TreeSet;
import java.util.ArrayList;
import software.amazon.event.ruler.Machine;

/** Reads `{"patterns": {name: pattern}, "events": [event]}`; writes the names of the patterns that each event matches. */
class Answers {
    public static void main(String[] args) throws Exception {
        ObjectMapper json = new ObjectMapper();
        JsonNode asked = json.readTree(System.in);
        Machine machine = Machine.builder().build();
        for (var pattern : asked.get("patterns").properties()) {
            machine.addRule(pattern.getKey(), pattern.getValue().toString());
        }
        List<TreeSet<String>> answers = new ArrayList<>();
        for (JsonNode event : asked.get("events")) {
            answers.add(new TreeSet<>(machine.rulesForJSONEvent(event.toString())));
        }
        System.out.println(json.writeValueAsString(answers));
    }
}
