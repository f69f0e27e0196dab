// What is sold, refunded and told, and to which endpoints: keys and text that do not come back from everywhere as they went in.
import assert from "node:assert/strict";

/** As text, so that `__proto__` is a key like any other. */
export const METADATA = [
  '{"10":"ten","2":"two","1":"one","01":"no index","-1":"nor this","4294967294":"the last index","4294967295":"none"}',
  '{"__proto__":"own","constructor":"own","toString":"own","b":"after","a":"before"}',
  String.raw`{"slash":"a/b","tag":"</script>","quote":"\"'","backslash":"C:\\new\\u00e9","escaped":"\u0041\/\u00e9"}`,
  '{"زينب":"دفع قسط المدرسة ١٢٣","emoji":"👩‍👩‍👧‍👦🇮🇶","joined":"e\u0301 é","marks":"\u200f\u202e\u2066","lines":"\u2028\u2029\ufeff","end":"\uffff\u{10ffff}"}',
  '{"empty":"","number":"1e400","float":"100.10","large":"12345678901234567890","true":"true"}',
];
export const DESCRIPTIONS = ["2/10 \"quoted\" \\ back", "قسط المدرسة 🏫 / الفصل ٢", "__proto__", "\u2028 between \u2029", "</script><!--"];

/** The endpoints by the ends of their addresses. Beside the four as they come, settings that change what is signed. */
export const ENDPOINTS = {
  hmac: { dialect: "HMAC" },
  "security-fields": { dialect: "SECURITY_FIELDS" },
  standard: { dialect: "STANDARD" },
  timestamped: { dialect: "TIMESTAMPED" },
  "hmac-of-resource": { dialect: "HMAC", settings: { payload: "RESOURCE" } },
  "hmac-own-secret": { dialect: "HMAC", isOwn: true },
  "security-fields-many": {
    dialect: "SECURITY_FIELDS",
    settings: {
      naming: "DOTTED",
      securityFields: ["description", "metadata.__proto__", "metadata.10", "metadata.slash", "metadata.emoji", "status", "id", "object", "amount", "metadata.lines", "collect.email", "collect.fee"],
    },
  },
};

/** What makes it hard has arrived: otherwise all of this would prove little. */
export function isHard(came) {
  const sold = came.filter(({ what }) => what === "payment.captured to hmac").map(({ body }) => JSON.parse(body).data);
  const pairs = (metadata) => Object.entries(metadata).sort();
  for (const [at, metadata] of METADATA.entries()) {
    const { metadata: told } = sold.find(({ description }) => description === DESCRIPTIONS[at]);
    assert.deepEqual(pairs(told), pairs(JSON.parse(metadata)));
  }
  const covered = came.flatMap(({ headers }) => (headers["x-webhook-security-fields"] ?? "").split(","));
  for (const field of ["id", "status", "description", "metadata.__proto__", "metadata.10", "metadata.slash", "metadata.emoji", "metadata.lines"]) {
    assert.ok(covered.includes(field), `no hash of S1 covers ${field}`);
  }
  const values = came.filter(({ name }) => name === "security-fields-many").flatMap(({ headers, body }) => {
    const payload = JSON.parse(body);
    return headers["x-webhook-security-fields"].split(",").map((field) => field.split(".").reduce((at, name) => at[name], payload));
  });
  assert.deepEqual([...new Set(values.map((value) => typeof value))].sort(), ["boolean", "number", "string"]);
}
