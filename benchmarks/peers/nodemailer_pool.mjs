// nodemailer's pool: node nodemailer_pool.mjs PORT MAILS FILE_OF_WORDS; prints the seconds it took.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const nodemailer = createRequire(process.env.PEERS + '/package.json')('nodemailer');
const [port, mails, words] = [Number(process.argv[2]), Number(process.argv[3]), readFileSync(process.argv[4], 'utf8')];
const pool = nodemailer.createTransport({
  pool: true, host: '127.0.0.1', port, secure: false, ignoreTLS: true, maxConnections: 5, maxMessages: Infinity,
});
const fill = (text, name) => text.replaceAll('{{ first_name }}', name).replaceAll('{{ company }}', 'Fjord Energy');
const [html, text] = words.split('\f');
const begun = performance.now();
await Promise.all(Array.from({ length: mails }, (_, number) => pool.sendMail({
  from: 'Ana Rossi <ana@north.example>',
  to: `Maria ${number} Santos <person${number}@example.com>`,
  subject: `Hello Maria ${number}`,
  html: fill(html, `Maria ${number}`),
  text: fill(text, `Maria ${number}`),
})));
console.log((performance.now() - begun) / 1000);
pool.close();
