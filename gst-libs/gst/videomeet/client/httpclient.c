/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/httpclient.h"
#include "base/vmtimer-priv.h"
#include "client/settle.h"
#include "client/signalsocket.h"

#include <libsoup/soup.h>

/* four times the devices kept; protocol/discovery.md#probe */
#define CONNECTIONS_MAX 1024
#define CONNECTIONS_PER_HOST 8 /* several devices may share one address */
#define IDLE_TIMEOUT 30 /* s; ten probes of protocol/discovery.md#probe */
#define READ_SIZE 8192 /* bytes at once */

struct _VmHttpCancellable
{
  GCancellable *inner;
  GMainContext *context;

  /* the context's */
  SoupMessage *message;
  gboolean answered; /* and libsoup has not told of it */
  gboolean cancelled; /* meanwhile */
};

static void
on_got_headers (SoupMessage *message, VmHttpCancellable *self)
{
  self->answered = TRUE;
}

VmHttpCancellable *
vm_http_cancellable_new (SoupMessage *message)
{
  VmHttpCancellable *self = g_atomic_rc_box_new0 (VmHttpCancellable);

  self->inner = g_cancellable_new ();
  self->context = g_main_context_ref_thread_default ();
  self->message = g_object_ref (message);
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), self);
  return self;
}

VmHttpCancellable *
vm_http_cancellable_ref (VmHttpCancellable *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
cancellable_free (VmHttpCancellable *self)
{
  g_signal_handlers_disconnect_by_data (self->message, self);
  g_object_unref (self->message);
  g_object_unref (self->inner);
  g_main_context_unref (self->context);
}

void
vm_http_cancellable_unref (VmHttpCancellable *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) cancellable_free);
}

GCancellable *
vm_http_cancellable_get_inner (VmHttpCancellable *self)
{
  return self->inner;
}

static gboolean
cancel (gpointer data)
{
  VmHttpCancellable *self = data;

  if (self->answered)
    self->cancelled = TRUE;
  else
    g_cancellable_cancel (self->inner);
  return G_SOURCE_REMOVE;
}

void
vm_http_cancellable_cancel (VmHttpCancellable *self)
{
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, cancel,
      vm_http_cancellable_ref (self),
      (GDestroyNotify) vm_http_cancellable_unref);
}

void
vm_http_cancellable_told (VmHttpCancellable *self)
{
  self->answered = FALSE;
  if (self->cancelled)
    g_cancellable_cancel (self->inner);
}

struct _VmHttpClient
{
  GObject parent;

  VmIdentity *identity;
  gboolean stranger;
  VmServerKey *server_key; /* of the stranger, or NULL */
  gchar *bearer;
  SoupSession *session;
};

G_DEFINE_FINAL_TYPE (VmHttpClient, vm_http_client, G_TYPE_OBJECT)

/* One request and its answer; the data of its GTask. */
typedef struct
{
  SoupMessage *message;
  gchar *expected;
  VmHttpCancellable *cancellable; /* by the time-out and by the caller */
  GCancellable *caller;
  gulong caller_handler;
  GSource *timeout;
  gboolean timed_out; /* which the caller was told */
  GInputStream *stream;
  GByteArray *body;
} Exchange;

static void
exchange_free (Exchange *exchange)
{
  vm_timer_clear (&exchange->timeout);
  if (exchange->caller)
    g_cancellable_disconnect (exchange->caller, exchange->caller_handler);
  g_clear_object (&exchange->caller);
  g_clear_pointer (&exchange->cancellable, vm_http_cancellable_unref);
  g_clear_object (&exchange->stream);
  g_clear_object (&exchange->message);
  g_clear_pointer (&exchange->body, g_byte_array_unref);
  g_free (exchange->expected);
  g_free (exchange);
}

void
vm_http_reply_free (VmHttpReply *reply)
{
  if (!reply)
    return;
  g_bytes_unref (reply->body);
  g_free (reply->key_hash);
  g_clear_object (&reply->certificate);
  g_free (reply);
}

static void
vm_http_client_dispose (GObject *object)
{
  VmHttpClient *self = VM_HTTP_CLIENT (object);

  if (self->session)
    soup_session_abort (self->session);
  g_clear_object (&self->session);
  g_clear_object (&self->identity);
  g_clear_pointer (&self->bearer, g_free);
  g_clear_pointer (&self->server_key, vm_server_key_unref);
  G_OBJECT_CLASS (vm_http_client_parent_class)->dispose (object);
}

static void
vm_http_client_class_init (VmHttpClientClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = vm_http_client_dispose;
}

static void
vm_http_client_init (VmHttpClient *self)
{
}

SoupSession *
vm_http_session_new (void)
{
  SoupSession *session = soup_session_new_with_options ("max-conns",
      CONNECTIONS_MAX, "max-conns-per-host", CONNECTIONS_PER_HOST,
      "idle-timeout", IDLE_TIMEOUT, "timeout", 0, "user-agent",
      "gst-videomeet/" PACKAGE_VERSION, NULL);

  /* No authority vouches for a device, its key does: with no database every
   * certificate reaches accept-certificate, one of a public authority too. */
  soup_session_set_tls_database (session, NULL);
  /* what is on this LAN is never behind a proxy */
  soup_session_set_proxy_resolver (session, NULL);
  /* a small compressed answer must not become a large one */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

VmHttpClient *
vm_http_client_new (VmIdentity *identity)
{
  VmHttpClient *self = g_object_new (VM_TYPE_HTTP_CLIENT, NULL);

  g_set_object (&self->identity, identity);
  self->session = vm_http_session_new ();
  vm_settle_watch (self);
  return self;
}

VmHttpClient *
vm_http_client_new_stranger (const gchar *uri)
{
  VmHttpClient *self = g_object_new (VM_TYPE_HTTP_CLIENT, NULL);

  self->stranger = TRUE;
  self->session = vm_signal_socket_session_new (uri);
  /* as of other devices */
  soup_session_remove_feature_by_type (
      self->session, SOUP_TYPE_CONTENT_DECODER);
  vm_settle_watch (self);
  return self;
}

void
vm_http_client_set_server_key (VmHttpClient *self, VmServerKey *key)
{
  g_return_if_fail (self->stranger && !self->server_key);

  self->server_key = vm_server_key_ref (key);
}

void
vm_http_client_set_bearer (VmHttpClient *self, const gchar *token)
{
  g_free (self->bearer);
  self->bearer = g_strdup (token);
}

void
vm_http_set_bearer (SoupMessage *message, const gchar *token)
{
  g_autofree gchar *value = token ? g_strconcat ("Bearer ", token, NULL) : NULL;

  if (value)
    soup_message_headers_replace (
        soup_message_get_request_headers (message), "Authorization", value);
}

static gboolean
check_key (
    SoupMessage *message, GTlsCertificate *certificate, const gchar *expected)
{
  gchar *hash = vm_key_hash_from_certificate (certificate);

  g_object_set_data_full (G_OBJECT (message), "vm-key-hash", hash, g_free);
  if (hash && (!expected || g_str_equal (hash, expected)))
    return TRUE;
  g_object_set_data (
      G_OBJECT (message), "vm-wrong-key", GINT_TO_POINTER (TRUE));
  return FALSE;
}

static gboolean
on_accept_certificate (SoupMessage *message, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gchar *expected)
{
  return check_key (message, certificate, expected);
}

static void
free_closure_data (gpointer data, GClosure *closure)
{
  g_free (data);
}

/* By a name a device may have a certificate of an authority, for browsers. Its
 * own key it shows who asks for a name that cannot be anybody's (RFC 6761
 * §6.4). */
static void
on_network_event (SoupMessage *message, GSocketClientEvent event,
    GIOStream *connection, gpointer user_data)
{
  g_autoptr (GSocketConnectable) nobody = NULL;

  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKING
      || !G_IS_TLS_CLIENT_CONNECTION (connection))
    return;
  nobody = g_network_address_new ("device.invalid", 0);
  g_tls_client_connection_set_server_identity (
      G_TLS_CLIENT_CONNECTION (connection), nobody);
}

void
vm_http_pin_message (SoupMessage *message, const gchar *expected_key_hash)
{
  g_signal_connect (
      message, "network-event", G_CALLBACK (on_network_event), NULL);
  g_signal_connect_data (message, "accept-certificate",
      G_CALLBACK (on_accept_certificate), g_strdup (expected_key_hash),
      free_closure_data, 0);
}

/* A kept-alive connection was accepted for another message, which may have
 * expected another key, or any: look again before this one is written. */
static void
on_starting (SoupMessage *message, GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);
  GTlsCertificate *certificate =
      soup_message_get_tls_peer_certificate (message);
  gboolean plain =
      !g_strcmp0 (g_uri_get_scheme (soup_message_get_uri (message)), "http");

  if (plain)
    return;
  if (!certificate || !check_key (message, certificate, exchange->expected))
    vm_http_cancellable_cancel (exchange->cancellable);
}

/* Likewise: what is known of the server may have changed since. */
static void
on_starting_stranger (SoupMessage *message, GTask *task)
{
  VmHttpClient *self = g_task_get_source_object (task);
  Exchange *exchange = g_task_get_task_data (task);

  if (!vm_server_key_check (self->server_key, message))
    vm_http_cancellable_cancel (exchange->cancellable);
}

/* The connection that was kept has ended. libsoup up to 3.6.5 sends the request
 * at once over another that it has kept, takes the end of the first for the
 * second's, and frees the request twice (9ba1243a there). A new connection
 * takes longer than that. */
static void
on_restarted (SoupMessage *message, gpointer user_data)
{
  soup_message_add_flags (message, SOUP_MESSAGE_NEW_CONNECTION);
}

/* Told at once: libsoup, which has the task too, says when it has given up, and
 * a deadline is no longer one where that is waited for. */
static gboolean
on_timeout (gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Exchange *exchange = g_task_get_task_data (task);
  GUri *uri = soup_message_get_uri (exchange->message);

  vm_timer_clear (&exchange->timeout);
  exchange->timed_out = TRUE;
  vm_http_cancellable_cancel (exchange->cancellable);
  g_task_return_new_error (task, VM_ERROR, VM_ERROR_TIMEOUT,
      "%s port %d did not answer in time", g_uri_get_host (uri),
      g_uri_get_port (uri));
  return G_SOURCE_REMOVE;
}

static void
on_caller_cancelled (GCancellable *caller, VmHttpCancellable *cancellable)
{
  vm_http_cancellable_cancel (cancellable);
}

/* By the caller; else it was given up here, because there was no key to be
 * seen. */
static gboolean
was_cancelled (const Exchange *exchange, const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         && exchange->caller && g_cancellable_is_cancelled (exchange->caller);
}

static void
return_failure (GTask *task, GError *error)
{
  Exchange *exchange = g_task_get_task_data (task);
  GUri *uri = soup_message_get_uri (exchange->message);
  g_autoptr (GError) cause = error;
  GError *refusal = vm_server_key_take_error (exchange->message);

  if (exchange->timed_out)
    g_debug ("given up: %s", cause->message);
  else if (refusal)
    g_task_return_error (task, g_steal_pointer (&refusal));
  else if (g_object_get_data (G_OBJECT (exchange->message), "vm-wrong-key"))
    g_task_return_new_error (task, VM_ERROR, VM_ERROR_WRONG_KEY,
        "%s port %d shows another key than the one announced; nothing was sent",
        g_uri_get_host (uri), g_uri_get_port (uri));
  else if (cause->domain == VM_ERROR || was_cancelled (exchange, cause))
    g_task_return_error (task, g_steal_pointer (&cause));
  else
    g_task_return_new_error (task, VM_ERROR, VM_ERROR_DISCONNECTED,
        "%s port %d cannot be reached: %s", g_uri_get_host (uri),
        g_uri_get_port (uri), cause->message);
  g_clear_error (&refusal);
  g_object_unref (task);
}

static void
return_reply (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);
  VmHttpReply *reply;

  if (exchange->timed_out) {
    g_object_unref (task);
    return;
  }
  reply = g_new0 (VmHttpReply, 1);
  reply->status = soup_message_get_status (exchange->message);
  reply->body = g_byte_array_free_to_bytes (g_steal_pointer (&exchange->body));
  reply->key_hash = g_strdup (
      g_object_get_data (G_OBJECT (exchange->message), "vm-key-hash"));
  g_set_object (&reply->certificate,
      soup_message_get_tls_peer_certificate (exchange->message));
  g_task_return_pointer (task, reply, (GDestroyNotify) vm_http_reply_free);
  g_object_unref (task);
}

static void on_read (GObject *source, GAsyncResult *result, gpointer user_data);

static void
read_more (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (exchange->stream, READ_SIZE,
      G_PRIORITY_DEFAULT, vm_http_cancellable_get_inner (exchange->cancellable),
      on_read, task);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (
      G_INPUT_STREAM (source), result, &error);

  if (!bytes) {
    return_failure (task, error);
  } else if (g_bytes_get_size (bytes) == 0) {
    return_reply (task);
  } else if (exchange->body->len + g_bytes_get_size (bytes)
             > VM_HTTP_BODY_MAX) {
    g_set_error (&error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The answer is longer than %d bytes", VM_HTTP_BODY_MAX);
    return_failure (task, error);
  } else {
    g_byte_array_append (exchange->body, g_bytes_get_data (bytes, NULL),
        g_bytes_get_size (bytes));
    read_more (task);
  }
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;

  exchange->stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &error);
  vm_http_cancellable_told (exchange->cancellable);
  if (exchange->stream)
    read_more (task);
  else
    return_failure (task, error);
}

static SoupMessage *
make_message (const gchar *method, const gchar *uri_text, GError **error)
{
  /* relaxed: a link-local address carries its interface as "%eth0" */
  g_autoptr (GUri) uri = g_uri_parse (
      uri_text, SOUP_HTTP_URI_FLAGS | G_URI_FLAGS_PARSE_RELAXED, NULL);
  SoupMessage *message = NULL;

  if (uri && g_uri_get_host (uri) && *g_uri_get_host (uri)
      && (!strcmp (g_uri_get_scheme (uri), "http")
          || !strcmp (g_uri_get_scheme (uri), "https")))
    message = soup_message_new_from_uri (method, uri);
  if (!message)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "“%s” is not an http or https address", uri_text);
  return message;
}

static void
arm (GTask *task, Exchange *exchange, guint timeout_ms)
{
  GCancellable *caller = g_task_get_cancellable (task);

  exchange->timeout =
      vm_timer_new (g_task_get_context (task), timeout_ms, on_timeout, task);
  if (caller) {
    exchange->caller = g_object_ref (caller);
    exchange->caller_handler =
        g_cancellable_connect (caller, G_CALLBACK (on_caller_cancelled),
            vm_http_cancellable_ref (exchange->cancellable),
            (GDestroyNotify) vm_http_cancellable_unref);
  }
}

void
vm_http_client_send_async (VmHttpClient *self, const gchar *method,
    const gchar *uri, const gchar *expected_key_hash, GBytes *json_body,
    guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  SoupMessage *message = make_message (method, uri, &error);
  Exchange *exchange;

  g_task_set_source_tag (task, vm_http_client_send_async);
  /* our own cancellable decides; the task must not overrule a reply */
  g_task_set_check_cancellable (task, FALSE);
  if (!message) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  exchange = g_new0 (Exchange, 1);
  exchange->message = message;
  exchange->expected = g_strdup (expected_key_hash);
  exchange->cancellable = vm_http_cancellable_new (message);
  exchange->body = g_byte_array_new ();
  g_task_set_task_data (task, exchange, (GDestroyNotify) exchange_free);

  /* a redirection would lead away from the key that was announced */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  g_signal_connect (message, "restarted", G_CALLBACK (on_restarted), NULL);
  if (self->stranger) {
    vm_signal_socket_trust_own_machine (message);
    if (self->server_key) {
      vm_server_key_watch (self->server_key, message);
      g_signal_connect_object (
          message, "starting", G_CALLBACK (on_starting_stranger), task, 0);
    }
  } else {
    vm_http_pin_message (message, expected_key_hash);
    g_signal_connect_object (
        message, "starting", G_CALLBACK (on_starting), task, 0);
  }
  vm_http_set_bearer (message, self->bearer);
  if (self->identity)
    soup_message_set_tls_client_certificate (
        message, vm_identity_get_tls_certificate (self->identity));
  if (json_body)
    soup_message_set_request_body_from_bytes (
        message, "application/json", json_body);
  arm (task, exchange, timeout_ms);
  soup_session_send_async (self->session, message, G_PRIORITY_DEFAULT,
      vm_http_cancellable_get_inner (exchange->cancellable), on_sent, task);
}

VmHttpReply *
vm_http_client_send_finish (
    VmHttpClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
