/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file to a device outside any meeting: POST /transfers, then the socket at
 * /transfer (protocol §2, §5). A thread reads the file; the caller's own runs a
 * main loop for the network. When the socket is lost another takes its place: the
 * transfer on both sides knows nothing of sockets and goes on where it was. */

#include "../transfer/frame.h"
#include "../transfer/vmfilesender-priv.h"
#include "../vmtimer-priv.h"
#include "../wire/json-priv.h"
#include "refusal.h"
#include "signalsocket.h"

#include <string.h>

#define ATTEMPT_MS (10 * 1000) /* of a request, and of the socket */
#define AGAIN_MS_MIN 500 /* between attempts; it doubles */
#define AGAIN_MS_MAX 4000
/* Without a socket for so long, the device is gone. */
#define LOST_TIME (30 * G_USEC_PER_SEC)
#define CLOSE_MS 5000 /* for the last word to get out */
#define TICKET_MAX 128
/* Messages that were read and wait for the socket; the window bounds their
 * bytes. */
#define QUEUE_MAX 64
/* Of a message that comes: replies are small. */
#define REPLY_MAX (256 * 1024)

typedef struct
{
  VmFileSender *sender;
  VmIdentity *identity;
  const gchar *base_uri;
  gchar *key_hash; /* that every answer must show; NULL: whichever is first */
  GCancellable *caller; /* or NULL */
  GCancellable *cancellable; /* of this upload; the caller's trips it */

  GMainContext *context;
  GMainLoop *loop;
  VmHttpClient *http;
  SoupSession *session;
  SoupWebsocketConnection *socket; /* NULL: there is none now */
  GSource *again, *closing;
  guint wait_ms;
  gint64 lost_at; /* µs; since there is no socket */
  gchar *offer; /* JSON */
  guint pending; /* requests whose answer has not come */
  gboolean ended;
  GError *error; /* why it ended */

  GMutex lock; /* of what follows */
  GCond cond; /* room, or a socket */
  GQueue queue; /* of VmTransferMessage */
  gboolean connected;
  gboolean over; /* there is nothing more to read */
  GError *why; /* why not */
} Upload;

static void attempt (Upload *self);

static void
end (Upload *self, GError *error)
{
  if (!self->ended)
    self->error = error;
  else
    g_clear_error (&error);
  self->ended = TRUE;
  g_main_loop_quit (self->loop);
}

/* The reading thread */

static gboolean flush_later (gpointer data);

static gboolean
wait_room (Upload *self)
{
  gboolean goes_on;

  g_mutex_lock (&self->lock);
  while ((self->queue.length >= QUEUE_MAX || (!self->connected && self->offer))
         && !g_cancellable_is_cancelled (self->cancellable))
    g_cond_wait (&self->cond, &self->lock);
  goes_on = !g_cancellable_is_cancelled (self->cancellable);
  g_mutex_unlock (&self->lock);
  return goes_on;
}

static gpointer
read_thread (gpointer data)
{
  Upload *self = data;
  VmTransferMessage *message;
  GError *why = NULL;

  while (wait_room (self)
         && (message = vm_file_sender_pull_message (self->sender, &why))) {
    g_mutex_lock (&self->lock);
    if (!self->offer)
      self->offer = vm_transfer_message_write (message);
    g_queue_push_tail (&self->queue, message);
    g_mutex_unlock (&self->lock);
    g_main_context_invoke_full (
        self->context, G_PRIORITY_DEFAULT, flush_later, self, NULL);
  }
  g_mutex_lock (&self->lock);
  self->over = TRUE;
  self->why = why;
  g_mutex_unlock (&self->lock);
  g_main_context_invoke_full (
      self->context, G_PRIORITY_DEFAULT, flush_later, self, NULL);
  return NULL;
}

/* The network */

/* A socket that is closing takes nothing more, and will be gone in a moment. */
static gboolean
can_send (Upload *self)
{
  return self->socket
         && soup_websocket_connection_get_state (self->socket)
                == SOUP_WEBSOCKET_STATE_OPEN;
}

static void
send_message (Upload *self, const VmTransferMessage *message)
{
  g_autoptr (GPtrArray) frames = NULL;
  g_autofree gchar *text = NULL;

  if (message->type == VM_TRANSFER_CHUNK_DATA
      && vm_file_sender_get_encoding (self->sender)
             == VM_TRANSFER_ENCODING_BINARY)
    frames = vm_frame_split (
        message, VM_FILE_CHUNK_SIZE_MAX + VM_FRAME_HEADER_SIZE, NULL);
  for (guint i = 0; frames && i < frames->len; i++)
    soup_websocket_connection_send_message (self->socket,
        SOUP_WEBSOCKET_DATA_BINARY, g_ptr_array_index (frames, i));
  if (frames)
    return;
  text = vm_transfer_message_write (message);
  soup_websocket_connection_send_text (self->socket, text);
}

static gboolean
close_late (gpointer data)
{
  end (data, NULL);
  return G_SOURCE_REMOVE;
}

/* Nothing more is to be said: what was said gets out before the socket goes. */
static void
finish (Upload *self)
{
  vm_timer_clear (&self->again);
  if (!self->socket || g_cancellable_is_cancelled (self->cancellable)) {
    end (self, NULL);
    return;
  }
  self->closing = vm_timer_new (self->context, CLOSE_MS, close_late, self);
  soup_websocket_connection_close (
      self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}

static void
flush (Upload *self)
{
  VmTransferMessage *message;
  gboolean over;

  for (;;) {
    g_mutex_lock (&self->lock);
    message = can_send (self) ? g_queue_pop_head (&self->queue) : NULL;
    over = self->over;
    g_cond_signal (&self->cond);
    g_mutex_unlock (&self->lock);
    if (!message)
      break;
    send_message (self, message);
    vm_transfer_message_free (message);
  }
  if (over && !self->closing)
    finish (self);
}

/* In the network's thread: what was read, and the first attempt. */
static gboolean
flush_later (gpointer data)
{
  Upload *self = data;

  if (self->ended)
    return G_SOURCE_REMOVE;
  if (self->lost_at == 0) {
    self->lost_at = g_get_monotonic_time ();
    attempt (self);
  } else {
    flush (self);
  }
  return G_SOURCE_REMOVE;
}

static gboolean
try_again (gpointer data)
{
  Upload *self = data;

  vm_timer_clear (&self->again);
  attempt (self);
  return G_SOURCE_REMOVE;
}

/* The device does not answer, or has gone; what it refuses, it refuses. */
static void
retry (Upload *self, GError *error)
{
  if (g_get_monotonic_time () - self->lost_at < LOST_TIME && !self->closing) {
    g_debug ("the device is asked again: %s", error->message);
    g_clear_error (&error);
    self->again = vm_timer_new (self->context, self->wait_ms, try_again, self);
    self->wait_ms = MIN (self->wait_ms * 2, AGAIN_MS_MAX);
    return;
  }
  vm_file_sender_fail (self->sender, error);
  end (self, error);
}

static void
on_message (
    SoupWebsocketConnection *socket, gint type, GBytes *bytes, gpointer data)
{
  Upload *self = data;
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  g_autoptr (GError) error = NULL;
  VmTransferMessage *message =
      vm_transfer_message_read (text ? text : "", size, &error);

  if (message)
    vm_file_sender_take_message (self->sender, message);
  else
    g_debug ("a reply is passed over: %s", error->message);
}

static void
drop_socket (Upload *self)
{
  if (!self->socket)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
  g_mutex_lock (&self->lock);
  self->connected = FALSE;
  /* asked for again by whoever has not got it */
  g_queue_clear_full (&self->queue, (GDestroyNotify) vm_transfer_message_free);
  g_mutex_unlock (&self->lock);
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer data)
{
  Upload *self = data;
  gushort code = soup_websocket_connection_get_close_code (socket);

  drop_socket (self);
  if (self->closing) {
    end (self, NULL);
    return;
  }
  self->lost_at = g_get_monotonic_time ();
  self->wait_ms = AGAIN_MS_MIN;
  if (code == SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION)
    self->lost_at -= LOST_TIME;
  retry (self, g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
                   code == SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION
                       ? "The device takes no more of this file"
                       : "The connection to the device was lost"));
}

static void
on_socket (GObject *source, GAsyncResult *result, gpointer data)
{
  Upload *self = data;
  GError *error = NULL;

  self->pending--;
  self->socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);
  if (self->ended) {
    g_clear_object (&self->socket);
    g_clear_error (&error);
    return;
  }
  if (!self->socket) {
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      end (self, error);
    else
      retry (self, error);
    return;
  }
  soup_websocket_connection_set_max_incoming_payload_size (
      self->socket, REPLY_MAX);
  g_signal_connect (self->socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->socket, "closed", G_CALLBACK (on_closed), self);
  self->wait_ms = AGAIN_MS_MIN;
  g_mutex_lock (&self->lock);
  self->connected = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  flush (self);
}

static gchar *
read_ticket (const VmHttpReply *reply, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  gchar *ticket = NULL;
  VmJson json;

  if (reply->status / 100 != 2) {
    g_propagate_error (error, vm_http_reply_to_error (reply));
    return NULL;
  }
  if (!vm_json_read (&json, data ? data : "", size, error)
      || !vm_json_get_string (&json, 0, "ticket", TICKET_MAX, &ticket, error))
    return NULL;
  if (!ticket)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The device's answer has no ticket");
  return ticket;
}

static void
on_granted (GObject *source, GAsyncResult *result, gpointer data)
{
  Upload *self = data;
  GError *error = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);
  g_autofree gchar *ticket = reply ? read_ticket (reply, &error) : NULL;
  VmSignalSocketConfig config = {
    .base_uri = self->base_uri,
    .path = "/transfer",
    .protocol = "videomeet.file",
    .ticket = ticket,
    .timeout_ms = ATTEMPT_MS,
  };

  self->pending--;
  if (self->ended) {
    g_clear_error (&error);
    return;
  }
  if (ticket) {
    /* what is sent to one device goes on to no other */
    if (!self->key_hash)
      self->key_hash = g_strdup (reply->key_hash);
    config.key_hash = self->key_hash;
    self->pending++;
    vm_signal_socket_open_async (self->session, self->identity, &config,
        self->cancellable, on_socket, self);
  } else if (reply || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
             || g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY)) {
    vm_file_sender_fail (self->sender, error);
    end (self, error);
  } else {
    retry (self, error);
  }
}

static void
attempt (Upload *self)
{
  g_autofree gchar *uri = g_strdup_printf ("%s/transfers", self->base_uri);
  g_autoptr (GBytes) body = NULL;

  g_mutex_lock (&self->lock);
  if (self->offer)
    body = g_bytes_new (self->offer, strlen (self->offer));
  g_mutex_unlock (&self->lock);
  if (!body) { /* it has failed before it began */
    flush (self);
    return;
  }
  self->pending++;
  vm_http_client_send_async (self->http, "POST", uri, self->key_hash, body,
      ATTEMPT_MS, self->cancellable, on_granted, self);
}

/* In whichever thread: the reading one ends, and tells the other. */
static void
on_caller_cancelled (GCancellable *caller, gpointer data)
{
  Upload *self = data;

  g_cancellable_cancel (self->cancellable);
  vm_file_sender_set_flushing (self->sender, TRUE);
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
upload_init (Upload *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->queue);
  self->wait_ms = AGAIN_MS_MIN;
  self->cancellable = g_cancellable_new ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_main_context_push_thread_default (self->context);
  self->http = vm_http_client_new (self->identity);
  self->session = vm_http_session_new ();
}

/* The reading thread is gone; what was asked for is not waited for any more. */
static void
upload_clear (Upload *self)
{
  drop_socket (self);
  vm_timer_clear (&self->again);
  vm_timer_clear (&self->closing);
  g_cancellable_cancel (self->cancellable);
  while (self->pending || g_main_context_pending (self->context))
    g_main_context_iteration (self->context, TRUE);
  soup_session_abort (self->session);
  g_clear_object (&self->session);
  g_clear_object (&self->http);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_clear_object (&self->cancellable);
  g_queue_clear_full (&self->queue, (GDestroyNotify) vm_transfer_message_free);
  g_clear_error (&self->error);
  g_clear_error (&self->why);
  g_free (self->offer);
  g_free (self->key_hash);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

static void
run (Upload *self)
{
  GThread *reader = g_thread_new ("vm-file-read", read_thread, self);

  g_main_loop_run (self->loop);
  self->ended = TRUE;
  vm_file_sender_set_flushing (self->sender, TRUE);
  g_mutex_lock (&self->lock);
  self->connected = TRUE;
  g_queue_clear_full (&self->queue, (GDestroyNotify) vm_transfer_message_free);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  g_thread_join (reader);
  vm_file_sender_set_flushing (self->sender, FALSE);
}

/* What comes first counts: that it was given up here, that the network was, that
 * the transfer has failed. */
static gboolean
take_result (Upload *self, GError **error)
{
  GError *why = g_steal_pointer (&self->error);

  if (!why)
    why = g_steal_pointer (&self->why);
  if (self->caller && g_cancellable_is_cancelled (self->caller)) {
    g_clear_error (&why);
    why = g_error_new (
        G_IO_ERROR, G_IO_ERROR_CANCELLED, "The upload was interrupted");
  }
  if (!why)
    return TRUE;
  g_propagate_error (error, why);
  return FALSE;
}

/**
 * vm_file_sender_upload:
 * @self: a #VmFileSender that nobody pulls from
 * @identity: the key of this device, which the other resumes by
 * @base_uri: where the other device's server is, as vm_device_get_base_uri()
 * @key_hash: (nullable): the key that it must show, as vm_device_get_key_hash();
 *   %NULL for whichever answers first; from then on that one
 * @cancellable: (nullable): ends it, so that the same file can go on later
 * @error: as vm_file_sender_pull(); #VM_ERROR_NOT_FOUND: no files are received
 *   there; #VM_ERROR_NOT_TRUSTED; #VM_ERROR_WRONG_KEY; #VM_ERROR_DISCONNECTED: it was
 *   not to be reached for 30 s; %G_IO_ERROR_CANCELLED
 *
 * Sends the file to a device, outside any meeting, over its server's WebSocket
 * (protocol §5). Blocks until the device has verified it, or it has failed: to be
 * called on a thread for it. #VmFileSender::changed is emitted on another one.
 *
 * Returns: whether the device has verified the file
 *
 * Since: 0.1
 */
gboolean
vm_file_sender_upload (VmFileSender *self, VmIdentity *identity,
    const gchar *base_uri, const gchar *key_hash, GCancellable *cancellable,
    GError **error)
{
  Upload upload = { .sender = self,
    .identity = identity,
    .base_uri = base_uri,
    .caller = cancellable };
  gulong handler = 0;
  gboolean done;

  g_return_val_if_fail (VM_IS_FILE_SENDER (self), FALSE);
  g_return_val_if_fail (VM_IS_IDENTITY (identity), FALSE);
  g_return_val_if_fail (base_uri != NULL, FALSE);

  upload.key_hash = g_strdup (key_hash);
  upload_init (&upload);
  if (cancellable)
    handler = g_cancellable_connect (
        cancellable, G_CALLBACK (on_caller_cancelled), &upload, NULL);
  run (&upload);
  if (cancellable)
    g_cancellable_disconnect (cancellable, handler);
  done = take_result (&upload, error);
  upload_clear (&upload);
  return done;
}
