// Which object of the site bucket answers a path. The reference is `site_key` in lambdas/web/edge.py;
// tests/stacks/test_viewer_request.py proves that both say the same. Runs in CloudFront (JavaScript 2.0).
const PRECOMPRESSED = ["$PRECOMPRESSED_SUFFIXES"];
const SLASHES = /[\x00-\x20\/\\\x7f]+/g;
const TAKES_BROTLI = /(^|[, \t])br[ \t]*(,|$|;[ \t]*q=(1|0\.[0-9]*[1-9]))/i;

function handler(event) {
  const request = event.request;
  let path = ('/' + request.uri).replace(SLASHES, '/');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name !== '' && !name.includes('.') && !path.startsWith('/.well-known/')) path += '/';
  if (path !== request.uri) return redirect(path, request.querystring);
  if (name === '') path += 'index.html';
  const encoding = request.headers['accept-encoding'];
  if (encoding && PRECOMPRESSED.some((suffix) => path.endsWith(suffix)) && TAKES_BROTLI.test(encoding.value)) {
    path += '.br';
  }
  request.uri = path;
  return request;
}

function redirect(path, querystring) {
  const query = [];
  for (const name of Object.keys(querystring)) {
    const values = querystring[name].multiValue || [querystring[name]];
    for (const one of values) query.push(one.value === '' ? name : name + '=' + one.value);
  }
  return {
    statusCode: 308,
    statusDescription: 'Permanent Redirect',
    headers: {
      'cache-control': { value: 'public, max-age=3600' },
      location: { value: query.length ? path + '?' + query.join('&') : path },
    },
  };
}
