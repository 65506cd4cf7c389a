/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a client comes into somebody else's mesh (protocol/mesh.md): by a session
 * and a room over HTTP, where the server has that, and inside by capabilities,
 * which are renewed before they expire. */

#include "client/refusal.h"
#include "client/signalclient-priv.h"
#include "wire/mesh/meshclient.h"

#define RENEW_SECONDS 30 /* before a capability expires; between attempts */
#define RENEW_SECONDS_MIN 5

struct _VmSignalMesh
{
  VmHttpClient *http;
  gchar *rest; /* "http://host:port/v2/", or NULL */
  gchar *bearer; /* what this client shows, or NULL */
  GSource *renewal;
  gboolean asking;
};

void
vm_signal_mesh_free (VmSignalMesh *mesh)
{
  vm_timer_clear (&mesh->renewal);
  g_clear_object (&mesh->http);
  g_free (mesh->rest);
  g_free (mesh->bearer);
  g_free (mesh);
}

void
vm_signal_mesh_stop (VmSignalMesh *mesh)
{
  vm_timer_clear (&mesh->renewal);
}

const gchar *
vm_signal_mesh_get_bearer (VmSignalMesh *mesh)
{
  return mesh->bearer;
}

/* The address */

static gchar *
read_token (GUri *uri)
{
  g_autoptr (GHashTable) query =
      g_uri_get_query (uri) ? g_uri_parse_params (
          g_uri_get_query (uri), -1, "&", G_URI_PARAMS_WWW_FORM, NULL)
                            : NULL;

  return query ? g_strdup (g_hash_table_lookup (query, "access_token")) : NULL;
}

/* Beside a WebSocket called "ws". */
static gchar *
find_rest (GUri *uri)
{
  const gchar *path = g_uri_get_path (uri);
  g_autofree gchar *folder = NULL;
  g_autoptr (GUri) rest = NULL;

  if (!g_str_has_suffix (path, "/ws"))
    return NULL;
  folder = g_strndup (path, strlen (path) - 2);
  rest = g_uri_build (G_URI_FLAGS_ENCODED,
      g_str_equal (g_uri_get_scheme (uri), "wss") ? "https" : "http", NULL,
      g_uri_get_host (uri), g_uri_get_port (uri), folder, NULL, NULL);
  return g_uri_to_string (rest);
}

static VmSignalMesh *
mesh_new (const gchar *address)
{
  VmSignalMesh *mesh = g_new0 (VmSignalMesh, 1);
  g_autoptr (GUri) uri = g_uri_parse (address, G_URI_FLAGS_ENCODED, NULL);

  mesh->http = vm_http_client_new_stranger (address);
  if (uri) {
    mesh->bearer = read_token (uri);
    mesh->rest = find_rest (uri);
  }
  vm_http_client_set_bearer (mesh->http, mesh->bearer);
  return mesh;
}

/* Requests */

static void
post (VmSignalClient *self, const gchar *path, GString *json,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autofree gchar *uri = g_strconcat (self->mesh->rest, path, NULL);
  g_autoptr (GBytes) body = NULL;

  g_string_append_c (json, '}');
  body = g_string_free_to_bytes (json);
  vm_http_client_send_async (self->mesh->http, "POST", uri, NULL, body,
      self->config.timeout_ms, cancellable, callback, data);
}

/* The member @key of the answer. NULL without @error: the server has no such
 * request. */
static gchar *
read_reply (
    GObject *source, GAsyncResult *result, const gchar *key, GError **error)
{
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, error);
  gchar *value = NULL;
  gsize size;
  const gchar *data;
  VmJson json;

  if (!reply)
    return NULL;
  if (reply->status == SOUP_STATUS_NOT_FOUND
      || reply->status == SOUP_STATUS_METHOD_NOT_ALLOWED
      || reply->status == SOUP_STATUS_NOT_IMPLEMENTED) {
    g_autoptr (GError) reason = vm_http_reply_to_error (reply);

    /* it has: what was asked for is not there */
    if (g_error_matches (reason, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND))
      g_propagate_error (error, g_steal_pointer (&reason));
    return NULL;
  }
  if (reply->status != SOUP_STATUS_OK && reply->status != SOUP_STATUS_CREATED) {
    g_propagate_error (error, vm_http_reply_to_error (reply));
    return NULL;
  }
  data = g_bytes_get_data (reply->body, &size);
  if (vm_json_read (&json, data ? data : "", size, error)
      && vm_json_get_string (&json, 0, key, VM_HTTP_BODY_MAX, &value, error)
      && !value)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The server's answer has no \"%s\"", key);
  return value;
}

/* Entering */

static void
fail (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* Whether the client still wants to be in. */
static gboolean
goes_on (VmSignalClient *self, GTask *task, GError *error)
{
  if (!error && self->over)
    g_set_error (
        &error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Joining was cancelled");
  if (error)
    fail (task, error);
  return !error;
}

static void
on_room (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  VmSignalClient *self = g_task_get_source_object (task);
  GError *error = NULL;
  gchar *room = read_reply (source, result, "room_id", &error);

  if (room) {
    g_free ((gchar *) self->config.meeting);
    self->config.meeting = room;
  }
  if (goes_on (self, task, error))
    vm_signal_client_open_stranger (self, task);
}

static void
enter_room (VmSignalClient *self, GTask *task)
{
  GString *json = g_string_new ("{");

  vm_json_append_member (json, "name", self->config.meeting);
  vm_json_append_member (json, "pin", self->config.pin);
  post (self, "rooms", json, g_task_get_cancellable (task), on_room, task);
}

static void
on_session (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  VmSignalClient *self = g_task_get_source_object (task);
  GError *error = NULL;
  gchar *token = read_reply (source, result, "access_token", &error);

  g_free (self->mesh->bearer);
  self->mesh->bearer = token;
  vm_http_client_set_bearer (self->mesh->http, token);
  if (!goes_on (self, task, error))
    return;
  if (token)
    enter_room (self, task);
  else
    vm_signal_client_open_stranger (self, task);
}

void
vm_signal_mesh_enter (VmSignalClient *self, GTask *task)
{
  GString *json;

  g_clear_pointer (&self->mesh, vm_signal_mesh_free);
  self->mesh = mesh_new (self->config.uri);
  if (!self->mesh->rest) {
    vm_signal_client_open_stranger (self, task);
    return;
  }
  if (self->mesh->bearer) {
    enter_room (self, task);
    return;
  }
  json = g_string_new ("{");
  vm_json_append_member (json, "user", self->config.user);
  post (
      self, "sessions", json, g_task_get_cancellable (task), on_session, task);
}

static void
make_stamp (gchar **id, gchar **time, gpointer data)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  *id = g_uuid_string_random ();
  *time = g_date_time_format_iso8601 (now);
}

void
vm_signal_mesh_prepare (VmSignalClient *self)
{
  const VmMeshClientConfig config = {
    .version = PACKAGE_VERSION,
    .cap_token = self->config.cap_token,
    .waits = self->mesh->rest && self->mesh->bearer && !self->config.cap_token,
    .stamp = make_stamp,
  };

  vm_mesh_client_configure (vm_line_get_state (self->line), &config);
}

/* Capabilities */

static gboolean on_renewal (gpointer data);

static void
renew_in (VmSignalClient *self, gint64 seconds)
{
  vm_signal_client_set_timer (self, &self->mesh->renewal,
      (guint) CLAMP (
          seconds, RENEW_SECONDS_MIN, G_TIME_SPAN_DAY / G_USEC_PER_SEC)
          * 1000,
      on_renewal);
}

static void
on_capability (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (VmSignalClient) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *token = read_reply (source, result, "cap_token", &error);
  gpointer state;
  gint64 expiry;

  if (self->over)
    return;
  self->mesh->asking = FALSE;
  if (error)
    g_debug ("no capability: %s", error->message);
  state = vm_line_get_state (self->line);
  expiry = vm_mesh_token_get_expiry (token);
  if (token || vm_mesh_client_wants_capability (state))
    vm_mesh_client_set_capability (state, token);
  if (expiry >= 0)
    renew_in (
        self, expiry - g_get_real_time () / G_USEC_PER_SEC - RENEW_SECONDS);
  else if (error)
    renew_in (self, RENEW_SECONDS);
  vm_signal_client_take_rest (self);
}

static void
ask (VmSignalClient *self)
{
  static const gchar *const caps[] = { "call", "screen", NULL };
  g_autofree gchar *room =
      g_uri_escape_string (self->config.meeting, NULL, FALSE);
  g_autofree gchar *path = g_strconcat ("rooms/", room, "/capabilities", NULL);
  GString *json = g_string_new ("{");

  self->mesh->asking = TRUE;
  if (!self->cancellable)
    self->cancellable = g_cancellable_new ();
  vm_json_append_strings (json, "caps", caps);
  post (
      self, path, json, self->cancellable, on_capability, g_object_ref (self));
}

static gboolean
on_renewal (gpointer data)
{
  VmSignalClient *self = data;

  vm_timer_clear (&self->mesh->renewal);
  if (!self->mesh->asking)
    ask (self);
  return G_SOURCE_REMOVE;
}

void
vm_signal_mesh_look (VmSignalClient *self)
{
  if (!self->mesh->asking
      && vm_mesh_client_wants_capability (vm_line_get_state (self->line)))
    ask (self);
}
