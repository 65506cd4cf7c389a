/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/upload/fileline.h"

#include "base/nodethread.h"
#include "transfer/message/frame.h"
#include "transfer/message/messagestructure.h"
#include <gst/videomeet/vmerror.h>
#include "base/vmmailbox-priv.h"
#include "base/vmthread-priv.h"
#include "base/vmtimer-priv.h"
#include "client/settle.h"
#include "client/sendqueue.h"

/* of a message that comes: replies are small */
#define REPLY_MAX (256 * 1024)
#define PING_SECONDS 2
#define LOOK_MS 1000
#define SETTLE_MS (5 * 1000) /* until the socket is gone, at most */

struct _VmFileLine
{
  /* not changed once the thread has something to do */
  VmNodeThread *thread;
  VmMailbox *mailbox; /* to the owner's context */
  VmIdentity *identity;
  gchar *base_uri, *path, *protocol, *key_hash;
  guint open_ms, dead_ms;
  GCancellable *cancellable;

  /* the owner's */
  VmFileLineFuncs funcs;
  gpointer owner; /* NULL: it has closed the line */
  GObject *token; /* until nothing is left, for vm_settle() */

  gint untold; /* atomic: what waits for the owner, as it counts */

  /* the thread's */
  SoupSession *session;
  SoupWebsocketConnection *socket; /* NULL: not yet, or no more */
  VmSendQueue unsent; /* in the socket */
  GQueue waiting; /* of VmTransferMessage: behind that */
  gsize waiting_bytes;
  GSource *look;
  gint64 heard; /* µs, monotonic */
  gboolean opening, closing;
  guint leaving; /* sockets that say goodbye */
};

/* To the owner */

typedef struct
{
  VmFileLine *line;
  GstStructure *message;
  gint size; /* as it counts */
  GError *error; /* neither: it has opened */
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_clear_pointer (&news->message, gst_structure_free);
  g_clear_error (&news->error);
  g_free (news);
}

static gboolean
on_news (gpointer user_data)
{
  const News *news = user_data;
  VmFileLine *self = news->line;

  g_atomic_int_add (&self->untold, -news->size);
  if (!self->owner)
    return G_SOURCE_REMOVE;
  if (news->error)
    self->funcs.closed (self->owner, news->error);
  else if (news->message)
    self->funcs.message (self->owner, news->message);
  else
    self->funcs.opened (self->owner);
  return G_SOURCE_REMOVE;
}

/* Takes what @news has. */
static void
tell (VmFileLine *self, News news)
{
  news.line = self;
  g_atomic_int_add (&self->untold, news.size);
  vm_mailbox_post (
      self->mailbox, on_news, g_memdup2 (&news, sizeof news), news_free);
}

/* The last that the owner's context hears of it. */
static gboolean
on_ended (gpointer user_data)
{
  VmFileLine *self = user_data;

  vm_node_thread_free (self->thread);
  g_object_unref (self->token);
  g_object_unref (self->cancellable);
  g_object_unref (self->identity);
  vm_mailbox_free (self->mailbox);
  g_free (self->base_uri);
  g_free (self->path);
  g_free (self->protocol);
  g_free (self->key_hash);
  g_free (self);
  return G_SOURCE_REMOVE;
}

/* The thread */

static void
end (gpointer data)
{
  VmFileLine *self = data;

  g_clear_object (&self->session);
  if (!vm_settle (SETTLE_MS))
    g_debug ("a socket of a file still closes");
  vm_mailbox_post (self->mailbox, on_ended, self, NULL);
}

/* Not from inside a signal of the socket. */
static void
end_if_over (VmFileLine *self)
{
  if (self->closing && !self->opening && !self->socket && !self->leaving)
    vm_node_thread_post (self->thread, end, self, NULL);
}

static void
on_gone (SoupWebsocketConnection *socket, VmFileLine *self)
{
  g_signal_handlers_disconnect_by_data (socket, self);
  g_object_unref (socket);
  self->leaving--;
  end_if_over (self);
}

/* What was said gets out before the socket goes. */
static void
drop_socket (VmFileLine *self)
{
  SoupWebsocketConnection *socket = g_steal_pointer (&self->socket);

  vm_timer_clear (&self->look);
  vm_send_queue_forget (&self->unsent);
  g_queue_clear_full (
      &self->waiting, (GDestroyNotify) vm_transfer_message_free);
  self->waiting_bytes = 0;
  if (!socket)
    return;
  g_signal_handlers_disconnect_by_data (socket, self);
  if (soup_websocket_connection_get_state (socket)
      != SOUP_WEBSOCKET_STATE_OPEN) {
    g_object_unref (socket);
    return;
  }
  self->leaving++;
  g_signal_connect (socket, "closed", G_CALLBACK (on_gone), self);
  soup_websocket_connection_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}

static void
lose (VmFileLine *self, VmError code, const gchar *why)
{
  drop_socket (self);
  tell (self, (News){ .error = g_error_new_literal (VM_ERROR, code, why) });
}

static void
on_message (
    SoupWebsocketConnection *socket, gint type, GBytes *bytes, VmFileLine *self)
{
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmTransferMessage) message =
      vm_transfer_message_read (text ? text : "", size, &error);
  gint counts = (gint) size + VM_FILE_LINE_UNTOLD_EACH;

  self->heard = g_get_monotonic_time ();
  if (message
      && g_atomic_int_get (&self->untold) + counts > VM_FILE_LINE_UNTOLD_MAX)
    lose (self, VM_ERROR_RATE_LIMITED,
        "The device says more than 4 MiB that nobody has heard yet");
  else if (message)
    tell (self, (News){ .message = vm_transfer_message_to_structure (message),
                    .size = counts });
  else
    g_debug ("a reply is passed over: %s", error->message);
}

static void
on_pong (SoupWebsocketConnection *socket, GBytes *message, VmFileLine *self)
{
  self->heard = g_get_monotonic_time ();
}

static void
on_closed (SoupWebsocketConnection *socket, VmFileLine *self)
{
  lose (self, VM_ERROR_DISCONNECTED, "The connection to the device was lost");
}

static gboolean
on_look (gpointer user_data)
{
  VmFileLine *self = user_data;

  if ((g_get_monotonic_time () - self->heard) / 1000 < self->dead_ms)
    return G_SOURCE_CONTINUE;
  lose (self, VM_ERROR_TIMEOUT, "The device is not heard any more");
  return G_SOURCE_REMOVE;
}

/* Takes @socket. */
static void
take_socket (VmFileLine *self, SoupWebsocketConnection *socket)
{
  self->socket = socket;
  vm_settle_watch (socket);
  self->heard = g_get_monotonic_time ();
  soup_websocket_connection_set_max_incoming_payload_size (socket, REPLY_MAX);
  soup_websocket_connection_set_keepalive_interval (socket, PING_SECONDS);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  self->look = vm_timer_new (NULL, LOOK_MS, on_look, self);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  VmFileLine *self = user_data;
  GError *error = NULL;
  SoupWebsocketConnection *socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);

  self->opening = FALSE;
  if (!socket) {
    tell (self, (News){ .error = error });
  } else {
    take_socket (self, socket);
    if (self->closing)
      drop_socket (self);
    else
      tell (self, (News){ NULL });
  }
  end_if_over (self);
}

static void
open_socket (gpointer data)
{
  VmFileLine *self = data;
  const VmSignalSocketConfig config = { .base_uri = self->base_uri,
    .path = self->path,
    .protocol = self->protocol,
    .key_hash = self->key_hash,
    .timeout_ms = self->open_ms };

  vm_thread_give_way ();
  self->session = vm_http_session_new ();
  self->opening = TRUE;
  vm_signal_socket_open_async (self->session, self->identity, &config,
      self->cancellable, on_opened, self);
}

typedef struct
{
  VmFileLine *line;
  VmTransferMessage *message;
} Sending;

static void
sending_free (gpointer data)
{
  Sending *sending = data;

  g_clear_pointer (&sending->message, vm_transfer_message_free);
  g_free (sending);
}

static gboolean on_written (GObject *stream, gpointer data);

static gboolean
can_send (VmFileLine *self)
{
  return self->socket
         && soup_websocket_connection_get_state (self->socket)
                == SOUP_WEBSOCKET_STATE_OPEN;
}

static void
pack (VmFileLine *self, VmTransferMessage *message)
{
  gboolean text;
  g_autoptr (GBytes) bytes = vm_frame_pack (message, TRUE, &text);

  vm_send_queue_add (&self->unsent, self->socket, g_bytes_get_size (bytes),
      NULL, G_SOURCE_FUNC (on_written), self);
  soup_websocket_connection_send_message (self->socket,
      text ? SOUP_WEBSOCKET_DATA_TEXT : SOUP_WEBSOCKET_DATA_BINARY, bytes);
}

static gsize
count_bytes (const VmTransferMessage *message)
{
  return VM_FILE_LINE_UNTOLD_EACH
         + (message->data ? g_bytes_get_size (message->data) : 0);
}

/* Until @max bytes are in the socket. */
static void
send_waiting (VmFileLine *self, gsize max)
{
  while (self->waiting.length && self->unsent.bytes < max && can_send (self)) {
    g_autoptr (VmTransferMessage) message = g_queue_pop_head (&self->waiting);

    self->waiting_bytes -= count_bytes (message);
    pack (self, message);
  }
}

static gboolean
on_written (GObject *stream, gpointer data)
{
  VmFileLine *self = data;

  vm_send_queue_forget (&self->unsent);
  send_waiting (self, VM_FILE_LINE_UNSENT_MAX);
  return G_SOURCE_REMOVE;
}

static void
send_message (gpointer data)
{
  Sending *sending = data;
  VmFileLine *self = sending->line;

  if (!can_send (self))
    return;
  if (!self->waiting.length && self->unsent.bytes < VM_FILE_LINE_UNSENT_MAX) {
    pack (self, sending->message);
    return;
  }
  self->waiting_bytes += count_bytes (sending->message);
  g_queue_push_tail (&self->waiting, g_steal_pointer (&sending->message));
  if (self->waiting_bytes > VM_FILE_LINE_WAITING_MAX)
    lose (self, VM_ERROR_DISCONNECTED,
        "The device does not take what is sent to it");
}

static void
close_socket (gpointer data)
{
  VmFileLine *self = data;

  self->closing = TRUE;
  g_cancellable_cancel (self->cancellable);
  send_waiting (self, G_MAXSIZE);
  drop_socket (self);
  end_if_over (self);
}

/* The owner's */

VmFileLine *
vm_file_line_new (VmIdentity *identity, const VmSignalSocketConfig *config,
    guint dead_ms, const VmFileLineFuncs *funcs, gpointer owner)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  VmFileLine *self = g_new0 (VmFileLine, 1);

  self->mailbox = vm_mailbox_new (context);
  self->identity = g_object_ref (identity);
  self->base_uri = g_strdup (config->base_uri);
  self->path = g_strdup (config->path);
  self->protocol = g_strdup (config->protocol);
  self->key_hash = g_strdup (config->key_hash);
  self->open_ms = config->timeout_ms;
  self->dead_ms = dead_ms;
  self->cancellable = g_cancellable_new ();
  self->funcs = *funcs;
  self->owner = owner;
  self->token = g_object_new (G_TYPE_OBJECT, NULL);
  vm_settle_watch (self->token);
  self->thread = vm_node_thread_new ("vm-file-wss");
  vm_node_thread_post (self->thread, open_socket, self, NULL);
  return self;
}

void
vm_file_line_send (VmFileLine *self, VmTransferMessage *message)
{
  Sending *sending = g_new (Sending, 1);

  sending->line = self;
  sending->message = message;
  vm_node_thread_post (self->thread, send_message, sending, sending_free);
}

void
vm_file_line_close (VmFileLine *self)
{
  self->owner = NULL;
  vm_node_thread_post (self->thread, close_socket, self, NULL);
}
