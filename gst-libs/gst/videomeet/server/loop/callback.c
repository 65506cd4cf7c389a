/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/loop/callback.h"
#include "server/access/clientkey.h"
#include "server/conn.h"
#include "server/http/http.h"
#include "server/loop/lwscontext.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"

/* libwebsockets moves bytes, through TLS where the server has it. HTTP and
 * WebSockets are read here (decisions/server.md#http). */
static int
on_received (VmConn *conn, guint8 *data, gsize size)
{
  /* tick.c has the deadlines, once TLS is set up */
  lws_set_timeout (conn->wsi, NO_PENDING_TIMEOUT, 0);
  if (conn->ended)
    return 0;
  return conn->ws ? vm_ws_receive (conn->ws, data, size)
                  : vm_http_receive (conn, data, size);
}

static int
on_writable (VmConn *conn)
{
  vm_conn_drained (conn);
  if (conn->ended)
    return 0;
  return conn->ws ? vm_ws_write (conn->ws) : vm_http_read_on (conn);
}

static void
on_closed (VmConn *conn)
{
  g_clear_pointer (&conn->ws, vm_ws_free);
}

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
    case LWS_CALLBACK_RAW_RX:
      return on_received (conn, in, len);
    case LWS_CALLBACK_RAW_WRITEABLE:
      return on_writable (conn);
    case LWS_CALLBACK_RAW_CLOSE:
      on_closed (conn);
      return 0;
    case LWS_CALLBACK_WSI_DESTROY:
      on_closed (conn);
      vm_conn_free (conn);
      return 0;
    default:
      return 0;
  }
}

#define TX_BYTES (64 * 1024) /* given to the socket at once */

const struct lws_protocols vm_lws_protocols[] = {
  { .name = "videomeet", .callback = on_event, .tx_packet_size = TX_BYTES },
  { NULL },
};
