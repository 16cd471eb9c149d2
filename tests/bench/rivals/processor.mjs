// The benchmark's Node rival: the same work as the log processor, with Node's own modules only.
//
// Usage: node processor.mjs PAYLOAD ROUNDS REDACT(on|off)    prints the CPU seconds of each round, then "bytes N documents N".
//
// The shape is that of the function the AWS console generates for OpenSearch (buildSource from the first brace, one
// string appended per document), brought to the same duties: clean, core fields, redaction, deterministic ids.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const CONTROL = /\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const SECRETS = /\b(A(?:KIA|SIA|ROA)[A-Z0-9]{16})\b|\b(eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)|\b([Bb]earer\s+[A-Za-z0-9._~+/=-]{8,})|\b(\d(?:[ -]?\d){12,18})\b/g;
const ALIASES = new Map(Object.entries({
  level: 'level', lvl: 'level', severity: 'level', 'log.level': 'level',
  message: 'message', msg: 'message', '@message': 'message',
  timestamp: '@timestamp', ts: '@timestamp', time: '@timestamp', '@timestamp': '@timestamp',
  duration_ms: 'duration_ms', latency: 'duration_ms', request_time: 'duration_ms',
  status: 'status', status_code: 'status', service: 'service', logger: 'logger',
  requestId: 'request_id', request_id: 'request_id', traceId: 'trace_id', trace_id: 'trace_id',
}));
const LEVEL = /\b(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b/;

function luhn(digits) {
  let total = 0;
  for (let i = 0; i < digits.length; i++) {
    let n = digits.charCodeAt(digits.length - 1 - i) - 48;
    if (i % 2) n = n > 4 ? n * 2 - 9 : n * 2;
    total += n;
  }
  return total % 10 === 0;
}

function hide(text, aws, jwt, bearer, card) {
  if (card !== undefined) return luhn(card.replace(/[ -]/g, '')) ? '[REDACTED:card]' : text;
  return `[REDACTED:${aws ? 'aws' : jwt ? 'jwt' : 'bearer'}]`;
}

function process_(payload, redact) {
  const envelope = JSON.parse(gunzipSync(Buffer.from(JSON.parse(payload).awslogs.data, 'base64')).toString('utf8'));
  if (envelope.messageType === 'CONTROL_MESSAGE') return ['', 0];
  const { logGroup, logStream, owner } = envelope;
  const source = createHash('sha1').update(`${owner}\0${logGroup}\0${logStream}`).digest('hex').slice(0, 16);
  const parts = logStream.split('/');
  const service = parts.length === 3 ? parts[1] : logGroup.slice(logGroup.lastIndexOf('/') + 1);
  let body = '';
  for (const event of envelope.logEvents) {
    let text = event.message.replace(CONTROL, '').trimEnd();
    if (redact) text = text.replace(SECRETS, hide);
    const stamp = new Date(event.timestamp).toISOString();
    const document = { '@timestamp': stamp, message: text, service };
    const at = text.indexOf('{');
    let parsed = null;
    if (at >= 0) {
      try { parsed = JSON.parse(text.slice(at)); } catch { parsed = null; }
    }
    if (parsed !== null && typeof parsed === 'object') {
      const fields = {};
      for (const key of Object.keys(parsed)) {
        const core = ALIASES.get(key);
        if (core !== undefined) document[core] = parsed[key];
        else fields[key] = parsed[key];
      }
      document.format = 'json';
      document.fields = fields;
    } else {
      const found = LEVEL.exec(text);
      if (found) document.level = found[1];
      document.format = 'plain';
    }
    document.account = owner;
    document.log_group = logGroup;
    document.log_stream = logStream;
    document.event_id = event.id;
    const index = 'app-logs-' + stamp.slice(0, 10).replaceAll('-', '.');
    body += JSON.stringify({ create: { _index: index, _id: `${event.id}-${source}` } }) + '\n' + JSON.stringify(document) + '\n';
  }
  return [Buffer.from(body), envelope.logEvents.length];
}

const [path, rounds, redact] = process.argv.slice(2);
const payload = readFileSync(path, 'utf8');
let body, count;
for (let i = 0; i < Number(rounds); i++) {
  const start = process.cpuUsage();
  [body, count] = process_(payload, redact === 'on');
  const used = process.cpuUsage(start);
  console.log(((used.user + used.system) / 1e6).toFixed(6));
}
console.log(`bytes ${body.length} documents ${count}`);
