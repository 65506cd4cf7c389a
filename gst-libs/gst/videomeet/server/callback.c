/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/server-priv.h"

static int
on_http (VmConn *conn, enum lws_callback_reasons reason, void *in, size_t len)
{
  if (!conn->request)
    return 0;
  switch (reason) {
    case LWS_CALLBACK_HTTP:
      return vm_http_request (conn);
    case LWS_CALLBACK_HTTP_BODY:
      return vm_http_body (conn, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
      return vm_http_body_done (conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      return vm_http_upgrade (conn);
    default:
      return 0;
  }
}

/* Everything libwebsockets has to say, for both protocols: plain HTTP and a
 * WebSocket, whose dialect its path says. */
static int
on_event (struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
  VmServer *self = lws_context_user (lws_get_context (wsi));
  VmConn *conn = lws_get_opaque_user_data (wsi);

  vm_server_hold_event_pipe (self);
  if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
    vm_server_set_up_tls (self, user);
    return 0;
  }
  if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) {
    vm_server_run_calls (self);
    return 0;
  }
  if (!conn)
    return 0;
  conn->wsi = wsi;
  switch (reason) {
    case LWS_CALLBACK_WSI_DESTROY:
      vm_conn_free (conn);
      return 0;
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLOSED:
      return vm_ws_event (conn, reason, in, len);
    /* CONNECT turns a connection raw; nothing here speaks that */
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_RAW_WRITEABLE:
      return -1;
    default:
      return on_http (conn, reason, in, len);
  }
}

#define RX_BYTES 448 /* kept for each WebSocket, idle or not */
#define RX_FILE_BYTES (64 * 1024) /* of one that brings a file */
#define TX_BYTES (64 * 1024) /* given to the socket at once */

const struct lws_protocols vm_server_protocols[] = {
  { "http", on_event, 0, RX_BYTES, 0, NULL, TX_BYTES },
  { "videomeet.v2", on_event, 0, RX_BYTES, 0, NULL, TX_BYTES },
  { "videomeet.file", on_event, 0, RX_FILE_BYTES, 0, NULL, TX_BYTES },
  { NULL, NULL, 0, 0, 0, NULL, 0 },
};
