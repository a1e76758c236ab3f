// Tells the API the name that the visitor asked for: the HTTP API itself sees its own host only.
// What a client sent under this name is overwritten.
function handler(event) {
  const request = event.request;
  request.headers['$VIEWER_HOST_HEADER'] = { value: request.headers.host.value };
  return request;
}
