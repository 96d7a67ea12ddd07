// SOAP 1.2 requests over a real socket for suites: simple SOAP and MTOM out, both in.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { DOMParser } from '@xmldom/xmldom';

export const parse = (text) => new DOMParser({ onError: (level, message) => { if (level === 'fatalError') throw new Error(message); } })
  .parseFromString(text, 'text/xml');

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

export function envelope(action, body, to, replyTo, header) {
  return '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">' +
    `<s:Header><a:Action s:mustUnderstand="true">${escape(action)}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>` +
    `<a:ReplyTo><a:Address>${escape(replyTo)}</a:Address></a:ReplyTo>` +
    `<a:To s:mustUnderstand="true">${escape(to)}</a:To>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

// `parts`: { id: Buffer }, referred to from the body as cid:id. `elsewhere`: a listener to which the answer goes.
export async function send(address, action, body, parts = null, { elsewhere = null, header = '' } = {}) {
  const root = envelope(action, body, address, elsewhere?.address ?? 'http://www.w3.org/2005/08/addressing/anonymous', header);
  let type = `application/soap+xml; charset=UTF-8; action="${action}"`;
  let bytes = Buffer.from(root);
  if (parts) {
    const boundary = `b${randomUUID()}`;
    const pieces = [`--${boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n` +
      `Content-Transfer-Encoding: binary\r\nContent-ID: <root@test>\r\n\r\n`, root];
    for (const [id, content] of Object.entries(parts))
      pieces.push(`\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n` +
        `Content-ID: <${id}>\r\n\r\n`, content);
    pieces.push(`\r\n--${boundary}--\r\n`);
    bytes = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
    type = `multipart/related; boundary="${boundary}"; type="application/xop+xml"; start="<root@test>"; ` +
      `start-info="application/soap+xml"; action="${action}"`;
  }
  const next = elsewhere?.next();
  const answer = await post(address, type, bytes);
  if (!elsewhere || answer.status !== 202) return answer;
  const request = await next;
  return read(request.bytes, request.type, 200);
}

export async function post(address, type, bytes) {
  const answer = await fetch(address, { method: 'POST', body: bytes, headers: { 'Content-Type': type } });
  return read(Buffer.from(await answer.arrayBuffer()), answer.headers.get('content-type') ?? '', answer.status);
}

// Takes POSTs and answers them with 202: { address, next(): Promise of the next { type, bytes }, stop }.
export async function listen() {
  const waiting = [];
  const server = createServer(async (request, response) => {
    const bytes = Buffer.concat(await request.toArray());
    response.writeHead(202).end();
    waiting.shift()?.({ type: request.headers['content-type'] ?? '', bytes });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/answers`,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    stop: () => server.close(),
  };
}

// { status, text of the envelope, body: its first element, parts by Content-ID }
export function read(bytes, type, status) {
  const parts = {};
  let text = bytes.toString('utf8');
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\/related/i.test(type) && boundary) {
    text = null;
    for (const piece of split(bytes, Buffer.from(`--${boundary}`))) {
      const gap = piece.indexOf('\r\n\r\n');
      if (gap < 0) continue;
      const id = /content-id:\s*<([^>]*)>/i.exec(piece.subarray(0, gap).toString())?.[1];
      const content = piece.subarray(gap + 4, piece.length - 2);
      if (text === null) text = content.toString('utf8');
      else parts[id] = content;
    }
  }
  let body = null;
  if (/^\s*</.test(text ?? '')) {
    const root = parse(text).documentElement;
    const holder = elements(root).find((element) => element.localName === 'Body');
    body = holder ? elements(holder)[0] : null;
  }
  return { status, text, body, parts };
}

function* split(bytes, mark) {
  let at = bytes.indexOf(mark);
  while (at >= 0) {
    const next = bytes.indexOf(mark, at + mark.length);
    if (next < 0) return;
    yield bytes.subarray(at + mark.length, next);
    at = next;
  }
}

export const elements = (node) => [...(node?.childNodes ?? [])].filter((child) => child.nodeType === 1);
export const descendants = (node, name) => [...node.getElementsByTagNameNS('*', name)];

// Success, Failure, PartialSuccess or Fault, and the codes of errors that are not warnings.
export function verdict(answer) {
  if (!answer.body) return { status: `HTTP ${answer.status}`, codes: [], texts: [] };
  if (answer.body.localName === 'Fault') return { status: 'Fault', codes: [], texts: [answer.body.textContent.trim()] };
  const response = answer.body.getAttribute('status') ? answer.body : descendants(answer.body, 'RegistryResponse')[0];
  const errors = descendants(answer.body, 'RegistryError').filter((error) => !error.getAttribute('severity').endsWith('Warning'));
  return {
    status: response?.getAttribute('status').split(':').pop() ?? 'none',
    codes: errors.map((error) => error.getAttribute('errorCode')),
    texts: errors.map((error) => `${error.getAttribute('errorCode')}: ${error.getAttribute('codeContext')}`),
  };
}
