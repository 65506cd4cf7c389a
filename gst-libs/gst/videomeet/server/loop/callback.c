/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/loop/callback.h"
#include "server/access/clientkey.h"
#include "server/conn.h"
#include "server/http/http.h"
#include "server/loop/lwscontext.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"

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

/* Everything libwebsockets has to say: of plain HTTP, and of WebSockets, whose
 * dialect their path says. */
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
      g_clear_pointer (&conn->ws, vm_ws_free);
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
#define TX_BYTES (64 * 1024) /* given to the socket at once */

struct lws_protocols *
vm_server_make_lws_protocols (VmServer *self)
{
  GArray *all = g_array_new (TRUE, TRUE, sizeof (struct lws_protocols));
  struct lws_protocols entry = { .name = "http",
    .callback = on_event,
    .rx_buffer_size = RX_BYTES,
    .tx_packet_size = TX_BYTES };

  g_array_append_val (all, entry);
  for (guint i = 0; self->protocols[i]; i++) {
    if (!self->protocols[i]->subprotocol)
      continue;
    entry.name = self->protocols[i]->subprotocol;
    entry.rx_buffer_size = self->protocols[i]->read_bytes
                               ? self->protocols[i]->read_bytes
                               : RX_BYTES;
    g_array_append_val (all, entry);
  }
  return (struct lws_protocols *) g_array_free (all, FALSE);
}
