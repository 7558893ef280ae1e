// The official client sends a file; it prints each offset it hears and goes on by itself, whatever happens to the server.
const fs = require('node:fs');
const tus = require('tus-js-client');

const [, , endpoint, key, path, chunk, parallel] = process.argv;
const upload = new tus.Upload(fs.createReadStream(path), {
  endpoint,
  chunkSize: Number(chunk) || Number.POSITIVE_INFINITY,
  parallelUploads: Number(parallel) || 1,
  uploadSize: Number(parallel) > 1 ? undefined : fs.statSync(path).size,
  headers: { 'X-API-Key': key },
  metadata: { filename: 'lake.bin', filetype: 'application/octet-stream' },
  retryDelays: Array(100).fill(300),
  onProgress: (sent) => console.log(`sent ${sent}`),
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => console.log(`done ${upload.url}`),
});
upload.start();
