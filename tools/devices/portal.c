/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The conversation: CreateSession, SelectSources, Start, OpenPipeWireRemote.
 * All but the last come to a signal Response of a request object. It has a
 * connection and a main context of its own, so that nothing else runs while it
 * waits (decisions/media.md#the-desktops-portal-is-asked-by-gdbus). */

#include "devices/portal.h"
#include "options/smallfile.h"
#include "ui/output.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define PORTAL "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define SCREEN_CAST "org.freedesktop.portal.ScreenCast"
#define REQUEST "org.freedesktop.portal.Request"
#define SESSION "org.freedesktop.portal.Session"
#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

#define TOKENS_SINCE 4 /* version of ScreenCast */
#define UNTIL_REVOKED 2u /* persist_mode */
#define END_WAIT 1000 /* ms to say that it is over */
#define SAID_MAX 200 /* characters of an error's text */
#define FOLDER_MODE 0700
#define FILE_MODE 0600

struct _VmtPortal
{
  guint wait; /* ms */
  GMainContext *context;
  GDBusConnection *connection;
  gchar *owner; /* of the portal's name */
  gchar *session; /* path; NULL: there is none yet */
  guint requests; /* made so far */
  gchar *request; /* path of the one that is waited for */
  gpointer result; /* GAsyncResult that is waited for */
  gpointer response; /* GVariant, of the request */
  const gchar *ended; /* why nothing comes any more; or NULL */
  GCancellable *cancellable; /* cancelled then */
  VmtPortalAbilities abilities;
  VmtPortalStream stream;
  gint fd;
};

static void
on_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  VmtPortal *self = user_data;

  self->result = g_object_ref (result);
}

static void
end (VmtPortal *self, const gchar *why)
{
  self->ended = why;
  g_cancellable_cancel (self->cancellable);
}

static gboolean
on_late (gpointer late)
{
  *(gboolean *) late = TRUE;
  return G_SOURCE_REMOVE;
}

/* Until there is something at *@what. FALSE: nothing has come in @ms, or
 * nothing comes any more. */
static gboolean
wait_for (VmtPortal *self, gpointer *what, guint ms)
{
  g_autoptr (GSource) timeout = g_timeout_source_new (ms);
  gboolean late = FALSE;

  g_source_set_callback (timeout, on_late, &late, NULL);
  g_source_attach (timeout, self->context);
  while (!*what && !self->ended && !late)
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (timeout);
  return *what != NULL;
}

/* Errors */

static gboolean
is_absent (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (
             error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
         || (error->domain == G_DBUS_ERROR
             && error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED
             && error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

static gboolean
is_late (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
}

static gboolean
is_unknown (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
set_late (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
      "the desktop's portal does not answer.");
}

/* What @why, of a call, means for the user. */
static void
explain (VmtPortal *self, GError *why, GError **error)
{
  g_autofree gchar *safe = NULL, *some = NULL;

  if (self->ended) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, self->ended);
  } else if (is_absent (why)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "there is no desktop portal to ask. In Debian it is xdg-desktop-portal "
        "with the part for this desktop: xdg-desktop-portal-gnome, -kde or "
        "-wlr.");
  } else if (is_late (why)) {
    set_late (error);
  } else if (g_error_matches (why, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "the desktop's portal answers nonsense: an answer has the wrong type.");
  } else {
    g_dbus_error_strip_remote_error (why);
    safe = vmt_text_safe (why->message);
    some = g_utf8_substring (safe, 0, MIN (g_utf8_strlen (safe, -1), SAID_MAX));
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "the desktop's portal says: %s", some);
  }
}

/* Calls */

static GVariant *
call (VmtPortal *self, const gchar *name, const gchar *path,
    const gchar *interface, const gchar *method, GVariant *parameters,
    const gchar *type, GUnixFDList **fds, GError **why)
{
  GVariant *answer;

  g_dbus_connection_call_with_unix_fd_list (self->connection, name, path,
      interface, method, parameters, G_VARIANT_TYPE (type),
      G_DBUS_CALL_FLAGS_NONE, (gint) self->wait, NULL, self->cancellable,
      on_result, self);
  /* it has a deadline of its own */
  while (!self->result)
    g_main_context_iteration (self->context, TRUE);
  answer = g_dbus_connection_call_with_unix_fd_list_finish (
      self->connection, fds, self->result, why);
  g_clear_object (&self->result);
  return answer;
}

static GVariant *
call_screen_cast (VmtPortal *self, const gchar *method, GVariant *parameters,
    const gchar *type, GUnixFDList **fds, GError **error)
{
  g_autoptr (GError) why = NULL;
  GVariant *answer = call (self, self->owner, PORTAL_PATH, SCREEN_CAST, method,
      parameters, type, fds, &why);

  if (!answer)
    explain (self, why, error);
  return answer;
}

static void
on_response (GDBusConnection *connection, const gchar *sender,
    const gchar *path, const gchar *interface, const gchar *signal,
    GVariant *parameters, gpointer user_data)
{
  VmtPortal *self = user_data;

  if (!self->response && g_strcmp0 (path, self->request) == 0)
    self->response = g_variant_ref (parameters);
}

static void
on_session_closed (GDBusConnection *connection, const gchar *sender,
    const gchar *path, const gchar *interface, const gchar *signal,
    GVariant *parameters, gpointer user_data)
{
  VmtPortal *self = user_data;

  if (self->session && g_str_equal (path, self->session))
    end (self, "the desktop has ended the session.");
}

static void
on_owner_gone (GDBusConnection *connection, const gchar *sender,
    const gchar *path, const gchar *interface, const gchar *signal,
    GVariant *parameters, gpointer user_data)
{
  end (user_data, "the desktop's portal has gone.");
}

static void
on_bus_closed (GDBusConnection *connection, gboolean vanished, GError *error,
    gpointer user_data)
{
  end (user_data, "the session bus has gone.");
}

/* Options of a request, which begin with how its object is to be called. */
static GVariantBuilder *
begin_request (VmtPortal *self)
{
  GVariantBuilder *options = g_variant_builder_new (G_VARIANT_TYPE_VARDICT);
  g_autofree gchar *token =
      g_strdup_printf ("videomeet%u_%08x", ++self->requests, g_random_int ());
  g_autofree gchar *sender =
      g_strdup (g_dbus_connection_get_unique_name (self->connection) + 1);

  g_strdelimit (sender, ".", '_');
  g_free (self->request);
  self->request = g_strdup_printf (PORTAL_PATH "/request/%s/%s", sender, token);
  g_variant_builder_add (
      options, "{sv}", "handle_token", g_variant_new_string (token));
  return options;
}

static void
close_request (VmtPortal *self)
{
  g_dbus_connection_call (self->connection, self->owner, self->request, REQUEST,
      "Close", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, (gint) self->wait, NULL,
      NULL, NULL);
}

/* Returns: (transfer full): a{sv} */
static GVariant *
finish_request (VmtPortal *self, const gchar *method, GVariant *parameters,
    guint ms, GError **error)
{
  g_autoptr (GVariant) handle = NULL, response = NULL;

  handle = call_screen_cast (self, method, parameters, "(o)", NULL, error);
  if (!handle)
    return NULL;
  wait_for (self, &self->response, ms);
  response = g_steal_pointer (&self->response);
  if (response)
    return vmt_portal_read_response (response, error);
  if (self->ended)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, self->ended);
  else
    set_late (error);
  close_request (self);
  return NULL;
}

/* Steps */

static gchar *
find_bus (void)
{
  const gchar *address = g_getenv ("DBUS_SESSION_BUS_ADDRESS");
  g_autofree gchar *path =
      g_build_filename (g_get_user_runtime_dir (), "bus", NULL);

  if (address && *address)
    return g_strdup (address);
  return g_file_test (path, G_FILE_TEST_EXISTS)
             ? g_strconcat ("unix:path=", path, NULL)
             : NULL;
}

static gboolean
connect_to_bus (VmtPortal *self, GError **error)
{
  g_autofree gchar *address = find_bus ();

  if (address) {
    g_dbus_connection_new_for_address (address,
        G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
            | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
        NULL, self->cancellable, on_result, self);
    if (!wait_for (self, &self->result, VMT_PORTAL_WAIT))
      g_cancellable_cancel (self->cancellable);
    while (!self->result)
      g_main_context_iteration (self->context, TRUE);
    self->connection =
        g_dbus_connection_new_for_address_finish (self->result, NULL);
    g_clear_object (&self->result);
  }
  if (self->connection) {
    g_signal_connect (
        self->connection, "closed", G_CALLBACK (on_bus_closed), self);
    return TRUE;
  }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "there is no session bus, by which the desktop is asked for it.");
  return FALSE;
}

static void
subscribe (VmtPortal *self)
{
  g_dbus_connection_signal_subscribe (self->connection, self->owner, REQUEST,
      "Response", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_response, self,
      NULL);
  g_dbus_connection_signal_subscribe (self->connection, self->owner, SESSION,
      "Closed", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_session_closed, self,
      NULL);
  g_dbus_connection_signal_subscribe (self->connection, BUS, BUS,
      "NameOwnerChanged", BUS_PATH, self->owner, G_DBUS_SIGNAL_FLAGS_NONE,
      on_owner_gone, self, NULL);
}

/* Starts it, if need be. */
static gboolean
find_portal (VmtPortal *self, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (GVariant) properties =
      call (self, PORTAL, PORTAL_PATH, "org.freedesktop.DBus.Properties",
          "GetAll", g_variant_new ("(s)", SCREEN_CAST), "(a{sv})", NULL, &why);
  g_autoptr (GVariant) owner = NULL;

  if (!properties && is_unknown (why))
    properties = g_variant_ref_sink (g_variant_new ("(a{sv})", NULL));
  if (!properties) {
    explain (self, why, error);
    return FALSE;
  }
  if (!vmt_portal_read_abilities (&self->abilities, properties, error))
    return FALSE;
  owner = call (self, BUS, BUS_PATH, BUS, "GetNameOwner",
      g_variant_new ("(s)", PORTAL), "(s)", NULL, &why);
  if (!owner) {
    explain (self, why, error);
    return FALSE;
  }
  g_variant_get (owner, "(s)", &self->owner);
  subscribe (self);
  return TRUE;
}

static gboolean
create_session (VmtPortal *self, GError **error)
{
  g_autoptr (GVariantBuilder) options = begin_request (self);
  g_autofree gchar *token = g_strdup_printf ("videomeet_%08x", g_random_int ());
  g_autoptr (GVariant) results = NULL;

  g_variant_builder_add (
      options, "{sv}", "session_handle_token", g_variant_new_string (token));
  results = finish_request (self, "CreateSession",
      g_variant_new ("(a{sv})", options), self->wait, error);
  if (!results)
    return FALSE;
  self->session = vmt_portal_read_session (results, error);
  return self->session != NULL;
}

static gchar *
read_token (const VmtPortalConfig *config)
{
  g_autofree gchar *token = NULL;

  if (config->token_file && vmt_small_file_is_secret (config->token_file, NULL))
    token = vmt_small_file_read (
        config->token_file, VMT_PORTAL_TOKEN_MAX, NULL, NULL);
  return token && vmt_portal_is_token (token) ? g_steal_pointer (&token) : NULL;
}

static gboolean
select_sources (VmtPortal *self, const gchar *token, GError **error)
{
  g_autoptr (GVariantBuilder) options = begin_request (self);
  g_autoptr (GVariant) results = NULL;

  g_variant_builder_add (options, "{sv}", "types",
      g_variant_new_uint32 (
          self->abilities.sources & (VMT_PORTAL_MONITOR | VMT_PORTAL_WINDOW)));
  g_variant_builder_add (
      options, "{sv}", "multiple", g_variant_new_boolean (FALSE));
  if (self->abilities.cursors & VMT_PORTAL_CURSOR_EMBEDDED)
    g_variant_builder_add (options, "{sv}", "cursor_mode",
        g_variant_new_uint32 (VMT_PORTAL_CURSOR_EMBEDDED));
  if (self->abilities.version >= TOKENS_SINCE) {
    g_variant_builder_add (
        options, "{sv}", "persist_mode", g_variant_new_uint32 (UNTIL_REVOKED));
    if (token)
      g_variant_builder_add (
          options, "{sv}", "restore_token", g_variant_new_string (token));
  }
  results = finish_request (self, "SelectSources",
      g_variant_new ("(oa{sv})", self->session, options), self->wait, error);
  return results != NULL;
}

static gboolean
start (VmtPortal *self, const VmtPortalConfig *config, GError **error)
{
  g_autoptr (GVariantBuilder) options = begin_request (self);
  guint ms = config->person_wait ? config->person_wait : VMT_PORTAL_PERSON_WAIT;
  g_autoptr (GError) why = NULL;
  g_autoptr (GVariant) results = NULL;

  if (config->asking)
    config->asking (config->user_data);
  results = finish_request (self, "Start",
      g_variant_new ("(osa{sv})", self->session, "", options), ms, &why);
  if (results)
    return vmt_portal_read_stream (&self->stream, results, error);
  if (g_error_matches (why, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
        "the question of the desktop was not answered in %u s.",
        MAX (ms / 1000, 1));
  else
    g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

static gboolean
open_remote (VmtPortal *self, GError **error)
{
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) answer = call_screen_cast (self, "OpenPipeWireRemote",
      g_variant_new ("(oa{sv})", self->session, &options), "(h)", &fds, error);
  gint index;

  if (!answer)
    return FALSE;
  g_variant_get (answer, "(h)", &index);
  if (fds && index >= 0 && index < g_unix_fd_list_get_length (fds))
    self->fd = g_unix_fd_list_get (fds, index, NULL);
  if (self->fd >= 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "the desktop's portal answers nonsense: there is no connection to "
      "PipeWire.");
  return FALSE;
}

/* A token is good for once. What cannot be kept is asked for again. */
static void
keep_token (const gchar *path, const gchar *token)
{
  g_autofree gchar *folder = g_path_get_dirname (path);

  if (!token) {
    g_unlink (path);
    return;
  }
  g_mkdir_with_parents (folder, FOLDER_MODE);
  g_file_set_contents_full (
      path, token, -1, G_FILE_SET_CONTENTS_CONSISTENT, FILE_MODE, NULL);
}

static gboolean
converse (VmtPortal *self, const VmtPortalConfig *config, GError **error)
{
  g_autofree gchar *token = NULL;

  if (!connect_to_bus (self, error) || !find_portal (self, error)
      || !create_session (self, error))
    return FALSE;
  token = read_token (config);
  if (!select_sources (self, token, error) || !start (self, config, error))
    return FALSE;
  if (config->token_file)
    keep_token (config->token_file, self->stream.token);
  vmt_portal_stream_clear (&self->stream);
  return open_remote (self, error);
}

VmtPortal *
vmt_portal_new (const VmtPortalConfig *config, GError **error)
{
  VmtPortal *self = g_new0 (VmtPortal, 1);
  gboolean shared;

  self->fd = -1;
  self->wait = config->wait ? config->wait : VMT_PORTAL_WAIT;
  self->cancellable = g_cancellable_new ();
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  shared = converse (self, config, error);
  g_main_context_pop_thread_default (self->context);
  if (shared)
    return self;
  vmt_portal_free (self);
  g_prefix_error (error, "No screen is shared: ");
  return NULL;
}

/* The portal ends what belongs to a connection that is gone. */
static void
disconnect (VmtPortal *self)
{
  g_main_context_push_thread_default (self->context);
  g_signal_handlers_disconnect_by_data (self->connection, self);
  self->ended = NULL;
  if (!g_dbus_connection_is_closed (self->connection)) {
    /* what was said last, too */
    g_dbus_connection_flush (self->connection, NULL, on_result, self);
    if (wait_for (self, &self->result, END_WAIT)) {
      g_clear_object (&self->result);
      g_dbus_connection_close (self->connection, NULL, on_result, self);
      wait_for (self, &self->result, END_WAIT);
    }
  }
  g_main_context_pop_thread_default (self->context);
  g_clear_object (&self->result);
  g_object_unref (self->connection);
}

void
vmt_portal_free (VmtPortal *self)
{
  if (self->connection)
    disconnect (self);
  g_main_context_unref (self->context);
  g_object_unref (self->cancellable);
  if (self->fd >= 0)
    close (self->fd);
  if (self->response)
    g_variant_unref (self->response);
  vmt_portal_stream_clear (&self->stream);
  g_free (self->owner);
  g_free (self->session);
  g_free (self->request);
  g_free (self);
}

const VmtPortalStream *
vmt_portal_get_stream (const VmtPortal *self)
{
  return &self->stream;
}

gint
vmt_portal_get_fd (const VmtPortal *self)
{
  return self->fd;
}

/* While it is shared */

typedef struct
{
  GWeakRef object;
  void (*ended) (GObject *object);
  gboolean told;
} Watch;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  g_weak_ref_clear (&watch->object);
  g_free (watch);
}

static void
on_ended (GDBusConnection *connection, const gchar *sender, const gchar *path,
    const gchar *interface, const gchar *signal, GVariant *parameters,
    gpointer user_data)
{
  Watch *watch = user_data;
  g_autoptr (GObject) object = g_weak_ref_get (&watch->object);

  if (object && !watch->told)
    watch->ended (object);
  watch->told = TRUE;
}

gboolean
vmt_portal_watch (VmtPortal *self, GObject *object,
    void (*ended) (GObject *object), GError **error)
{
  Watch *watch = g_new0 (Watch, 1);

  g_weak_ref_init (&watch->object, object);
  watch->ended = ended;
  g_dbus_connection_signal_subscribe (self->connection, self->owner, SESSION,
      "Closed", self->session, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_ended, watch,
      watch_free);
  /* what came before is in the other context */
  while (!self->ended && g_main_context_iteration (self->context, FALSE))
    continue;
  if (!self->ended)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "No screen is shared: %s",
      self->ended);
  return FALSE;
}
