// A small MLLP client for suites and tests: sends frames on one connection and gives back one answer for each, in order.
import net from 'node:net';
import tls from 'node:tls';

export function connect(address, options = null) {
  const [host, port] = [address.slice(0, address.lastIndexOf(':')), Number(address.slice(address.lastIndexOf(':') + 1))];
  const socket = options ? tls.connect({ host, port, ...options }) : net.connect({ host, port });
  const waiting = [];
  let seen = Buffer.alloc(0);
  let ended = null;
  const end = (error) => {
    ended ??= error ?? new Error('the connection was closed');
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  socket.on('data', (data) => {
    seen = Buffer.concat([seen, data]);
    for (let at; (at = seen.indexOf(Buffer.from([0x1c, 0x0d]))) >= 0;) {
      waiting.shift()?.resolve(seen.subarray(1, at));
      seen = seen.subarray(at + 2);
    }
  });
  socket.on('error', end);
  socket.on('close', () => end());
  return {
    socket,
    // The next answer, whatever is written to the socket.
    async answer(encoding = 'utf8') {
      if (ended) throw ended;
      const bytes = await new Promise((resolve, reject) => waiting.push({ resolve, reject }));
      return bytes.toString(encoding);
    },
    // `message`: text or bytes.
    async send(message, encoding = 'utf8') {
      const answer = this.answer(encoding);
      socket.write(Buffer.concat([Buffer.from([0x0b]), Buffer.from(message), Buffer.from([0x1c, 0x0d])]));
      return answer;
    },
    close() { socket.destroy(); },
  };
}

// A field of the nth segment of a name: field(answer, 'MSA', 1).
export function field(message, segment, number, occurrence = 0) {
  const line = message.split('\r').filter((one) => one.startsWith(segment))[occurrence];
  return line?.split('|')[segment === 'MSH' ? number - 1 : number] ?? '';
}

export const segments = (message, name) => message.split('\r').filter((one) => one.startsWith(name));
