// An endpoint that subscriptions tell: keeps what it is sent, answers as it is told to.
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

export async function listen({ tls = null, port = 0 } = {}) {
  const requests = [];
  const open = new Set();
  const endpoint = { requests, answer: () => 200, waiting: [] };
  const server = (tls ? createSecureServer : createServer)(tls ?? {}, async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const seen = { method: request.method, url: request.url, headers: request.headers, body };
    const status = await endpoint.answer(seen, response);
    if (status === undefined) return; // answered, or left hanging, by the test
    seen.status = status;
    requests.push(seen);
    response.writeHead(status).end();
    for (const look of endpoint.waiting) look();
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  endpoint.port = server.address().port;
  endpoint.url = `${tls ? 'https' : 'http'}://127.0.0.1:${endpoint.port}/`;
  endpoint.close = () => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  // Resolves when `enough(requests)` says something else than undefined or false.
  endpoint.until = (enough, what = 'requests') => within((look) => endpoint.waiting.push(look), () => enough(requests), what);
  return endpoint;
}

// Looks again whenever it is told to, and now and then; gives up after a minute and a half.
export function within(register, look, what) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const again = () => {
      const found = look();
      if (found === undefined || found === false) return;
      clearInterval(timer);
      resolve(found);
    };
    const timer = setInterval(() => {
      again();
      if (Date.now() - started < 90_000) return;
      clearInterval(timer);
      reject(new Error(`waited in vain for ${what}`));
    }, 200);
    register(again);
    again();
  });
}

// A notification Bundle, taken apart.
export function read(body) {
  const bundle = typeof body === 'string' ? JSON.parse(body) : body;
  const status = bundle.entry[0].resource;
  const value = (name) => {
    const found = status.parameter.find((parameter) => parameter.name === name);
    return found && Object.entries(found).find(([key]) => key.startsWith('value'))?.[1];
  };
  const part = (event, name) => {
    const found = event.part.find((one) => one.name === name);
    return found && Object.entries(found).find(([key]) => key.startsWith('value'))?.[1];
  };
  return {
    bundle,
    type: value('type'),
    status: value('status'),
    topic: value('topic'),
    subscription: value('subscription')?.reference,
    total: Number(value('events-since-subscription-start')),
    error: value('error'),
    events: status.parameter.filter(({ name }) => name === 'notification-event').map((event) => ({
      number: Number(part(event, 'event-number')), focus: part(event, 'focus')?.reference, time: part(event, 'timestamp') })),
    resources: bundle.entry.slice(1),
  };
}
