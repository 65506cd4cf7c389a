/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/sfu/sfuline.h"
#include "server/loop/lwscontext.h"
#include "wire/janus/janus.h"

#include <gio/gio.h>
#include <libwebsockets.h>
#include <string.h>

#define LINE "sfu-line" /* our own name of what a line speaks */
#define READ_BYTES 4096 /* at once */
#define VERSION (-1) /* of WebSocket: the newest */

struct _VmSfuLine
{
  struct lws *wsi; /* NULL: it is gone */
  const VmSfuLineFuncs *funcs;
  gpointer user_data;
  gboolean open;
  gboolean gone; /* its owner was told */
  gint64 deadline; /* to be open */
  GQueue queue; /* of GBytes */
  gsize queue_bytes;
  GByteArray *message; /* fragments so far, or NULL */
};

/* libwebsockets has no more to say. */
static void
line_gone (VmSfuLine *line)
{
  line->wsi = NULL;
  line->open = FALSE;
  if (line->gone)
    return;
  line->gone = TRUE;
  line->funcs->closed (line, line->user_data);
}

static void
let_go (VmSfuLine *line)
{
  struct lws *wsi = g_steal_pointer (&line->wsi);

  if (!wsi)
    return;
  lws_set_opaque_user_data (wsi, NULL);
  lws_set_timeout (wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
  /* libwebsockets looks at its own timers only after an event */
  lws_cancel_service (lws_get_context (wsi));
}

static int
receive (VmSfuLine *line, const gchar *data, gsize size)
{
  g_autoptr (GByteArray) message = NULL;

  if (!line->message)
    line->message = g_byte_array_new ();
  if (line->message->len + size > VM_SFU_MESSAGE_MAX
      || lws_frame_is_binary (line->wsi)) {
    let_go (line);
    line_gone (line);
    return -1;
  }
  g_byte_array_append (line->message, (const guint8 *) data, size);
  if (!lws_is_final_fragment (line->wsi)
      || lws_remaining_packet_payload (line->wsi))
    return 0;
  message = g_steal_pointer (&line->message);
  line->funcs->received (
      line, (const gchar *) message->data, message->len, line->user_data);
  return 0;
}

static int
write_next (VmSfuLine *line)
{
  g_autoptr (GBytes) bytes = g_queue_pop_head (&line->queue);
  g_autofree guint8 *buffer = NULL;
  gconstpointer data;
  gsize size;

  if (!bytes)
    return 0;
  data = g_bytes_get_data (bytes, &size);
  line->queue_bytes -= size;
  buffer = g_malloc (LWS_PRE + size);
  memcpy (buffer + LWS_PRE, data, size);
  if (lws_write (line->wsi, buffer + LWS_PRE, size, LWS_WRITE_TEXT) < 0)
    return -1;
  if (line->queue.length)
    lws_callback_on_writable (line->wsi);
  return 0;
}

static void
open_line (VmSfuLine *line)
{
  line->open = TRUE;
  if (line->queue.length)
    lws_callback_on_writable (line->wsi);
  line->funcs->opened (line, line->user_data);
}

static int
on_line (struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
  VmSfuLine *line = lws_get_opaque_user_data (wsi);

  vm_server_hold_event_pipe (lws_context_user (lws_get_context (wsi)));
  if (!line)
    return 0;
  switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
      line->wsi = wsi;
      open_line (line);
      return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
      return receive (line, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
      return write_next (line);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY:
      lws_set_opaque_user_data (wsi, NULL);
      line_gone (line);
      return 0;
    default:
      return 0;
  }
}

static const struct lws_protocols protocols[] = {
  { .name = LINE,
      .callback = on_line,
      .rx_buffer_size = READ_BYTES,
      .tx_packet_size = VM_SFU_QUEUE_BYTES },
  { .name = NULL },
};

struct lws_vhost *
vm_sfu_line_make_vhost (struct lws_context *context)
{
  const struct lws_context_creation_info info = {
    .port = CONTEXT_PORT_NO_LISTEN,
    .protocols = protocols,
    .vhost_name = "sfu",
    .gid = -1,
    .uid = -1,
    .timeout_secs = VM_SFU_ANSWER_TIME / G_USEC_PER_SEC,
  };

  return lws_create_vhost (context, &info);
}

/* Where there is no way to an address, connect() fails at once, and
 * libwebsockets 4.1 forgets to close the handle of libuv that it has made
 * before. A datagram socket is asked in its place: that sends nothing. */
static gboolean
has_route (const VmSfuAddress *address)
{
  g_autoptr (GSocketAddress) to =
      g_inet_socket_address_new_from_string (address->address, address->port);
  g_autoptr (GSocket) socket =
      to ? g_socket_new (g_socket_address_get_family (to),
          G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL)
         : NULL;

  return socket && g_socket_connect (socket, to, NULL, NULL);
}

/* What fails at once is told by vm_sfu_line_tick(), when the owner has the
 * line. */
VmSfuLine *
vm_sfu_line_new (struct lws_context *context, struct lws_vhost *vhost,
    const VmSfuAddress *address, const VmSfuLineFuncs *funcs,
    gpointer user_data)
{
  VmSfuLine *line = g_new0 (VmSfuLine, 1);
  g_autofree gchar *host =
      g_strdup_printf ("%s:%u", address->host, address->port);
  const struct lws_client_connect_info info = {
    .context = context,
    .vhost = vhost,
    .address = address->address,
    .port = address->port,
    .path = address->path,
    .host = host,
    .protocol = VM_JANUS_PROTOCOL,
    .local_protocol_name = LINE,
    .ietf_version_or_minus_one = VERSION,
    .opaque_user_data = line,
    .pwsi = &line->wsi,
  };

  line->funcs = funcs;
  line->user_data = user_data;
  line->deadline = g_get_monotonic_time () + VM_SFU_ANSWER_TIME;
  g_queue_init (&line->queue);
  line->gone = TRUE;
  if (!has_route (address) || !lws_client_connect_via_info (&info))
    line->wsi = NULL;
  line->gone = FALSE;
  return line;
}

void
vm_sfu_line_free (VmSfuLine *line)
{
  let_go (line);
  g_queue_clear_full (&line->queue, (GDestroyNotify) g_bytes_unref);
  g_clear_pointer (&line->message, g_byte_array_unref);
  g_free (line);
}

gboolean
vm_sfu_line_send (VmSfuLine *line, const gchar *text)
{
  gsize size = strlen (text);

  if (line->queue_bytes + size > VM_SFU_QUEUE_BYTES)
    return FALSE;
  line->queue_bytes += size;
  g_queue_push_tail (&line->queue, g_bytes_new (text, size));
  if (line->open)
    lws_callback_on_writable (line->wsi);
  return TRUE;
}

gboolean
vm_sfu_line_is_busy (const VmSfuLine *line)
{
  return line->open && line->queue.length;
}

void
vm_sfu_line_tick (VmSfuLine *line, gint64 now)
{
  if (line->gone || line->open || (line->wsi && now < line->deadline))
    return;
  let_go (line);
  line_gone (line);
}
