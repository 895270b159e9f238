/** Prints what happened as lines of JSON, which javaScenario.ts reads. */
final class Emit {
    private Emit() {}

    /** @param pairs name, value, name, value, …; values are text, numbers, booleans or null */
    static synchronized void line(String event, Object... pairs) {
        StringBuilder json = new StringBuilder("{\"event\":").append(quoted(event));
        for (int i = 0; i < pairs.length; i += 2) {
            json.append(',').append(quoted(pairs[i])).append(':').append(value(pairs[i + 1]));
        }
        System.out.println(json.append('}'));
        System.out.flush();
    }

    private static String value(Object value) {
        boolean bare = value == null || value instanceof Boolean || value instanceof Number;
        return bare ? String.valueOf(value) : quoted(value);
    }

    private static String quoted(Object value) {
        StringBuilder text = new StringBuilder("\"");
        for (char c : String.valueOf(value).toCharArray()) {
            if (c == '"' || c == '\\') text.append('\\').append(c);
            else if (c < 0x20 || c > 0x7e) text.append(String.format("\\u%04x", (int) c));
            else text.append(c);
        }
        return text.append('"').toString();
    }
}
