/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Serves rooms that nobody hosts, until it is told to end. */

#include "cmd/commands.h"
#include "typed/hangup.h"
#include "ui/serverlinks.h"
#include "options/smallfile.h"

#include <glib-unix.h>
#include <sys/resource.h>

#define ID_SHOWN 8 /* characters of a room's id; its name may be a secret */
#define PORT 8080
#define DESCRIPTORS 65536 /* at most */

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmRoomServer *server;
  GMainLoop *loop;
  GHashTable *rooms; /* id -> participants */
  guint participants; /* of them all */
  gboolean draining;
} Serving;

/* A line of the log: with the time, for who reads it later. */
static JsonObject *
event_new (const gchar *name)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *time = g_date_time_format_iso8601 (now);
  JsonObject *event = vmt_event_new (name);

  vmt_event_add_string (event, "time", time);
  return event;
}

static void
add_counts (Serving *self, JsonObject *event)
{
  json_object_set_int_member (event, "rooms", g_hash_table_size (self->rooms));
  json_object_set_int_member (event, "participants", self->participants);
}

static void
tell_room (Serving *self, const gchar *id, guint participants)
{
  JsonObject *event = event_new ("room");

  vmt_event_add_string (event, "room", id);
  json_object_set_int_member (event, "inRoom", participants);
  add_counts (self, event);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "room %.*s: %u in it; %u in %u rooms", ID_SHOWN, id, participants,
      self->participants, g_hash_table_size (self->rooms));
}

static void
on_room (
    VmRoomServer *server, const gchar *id, guint participants, gpointer data)
{
  Serving *self = data;

  self->participants -=
      GPOINTER_TO_UINT (g_hash_table_lookup (self->rooms, id));
  self->participants += participants;
  if (participants)
    g_hash_table_insert (
        self->rooms, g_strdup (id), GUINT_TO_POINTER (participants));
  else
    g_hash_table_remove (self->rooms, id);
  tell_room (self, id, participants);
  /* nobody is left to be sent elsewhere */
  if (self->draining && !self->participants)
    g_main_loop_quit (self->loop);
}

static gboolean
on_drained (gpointer data)
{
  g_main_loop_quit (((Serving *) data)->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_end (gpointer data)
{
  Serving *self = data;
  JsonObject *event;

  if (self->draining || !self->participants || self->options->drain <= 0) {
    g_main_loop_quit (self->loop);
    return G_SOURCE_CONTINUE;
  }
  self->draining = TRUE;
  vm_room_server_drain (self->server);
  event = event_new ("draining");
  json_object_set_double_member (event, "seconds", self->options->drain);
  add_counts (self, event);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_STRONG,
      "Nobody is admitted any more; ends in %g s, or at once when told again.",
      self->options->drain);
  g_timeout_add (self->options->drain * 1000, on_drained, self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (gpointer data)
{
  Serving *self = data;

  return self->draining ? G_SOURCE_CONTINUE : on_end (self);
}

static void
tell_started (Serving *self, VmIdentity *identity)
{
  JsonObject *event = event_new ("serving");
  gboolean secure = vm_room_server_get_secure (self->server);
  guint port = vm_room_server_get_port (self->server);
  g_autofree gchar *links = vmt_server_links (self->options, secure, port);
  g_autofree gchar *reach = vmt_options_describe_reach (self->options);

  json_object_set_int_member (event, "port", port);
  json_object_set_boolean_member (event, "secure", secure);
  vmt_event_add_string (
      event, "deviceId", vm_identity_get_device_id (identity));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "Serving rooms on port %u, %s, as %s. Ctrl-C ends.", port,
      secure ? "TLS" : "plain HTTP", vm_identity_get_device_id (identity));
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "In a browser:  %s", links);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "%s", reach);
}

static void
tell_stopped (Serving *self)
{
  JsonObject *event = event_new ("stopped");

  add_counts (self, event);
  vmt_output_event (self->output, event);
  if (self->participants)
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "Stopped; %u in %u rooms were told to come back.", self->participants,
        g_hash_table_size (self->rooms));
  else
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "Stopped.");
}

/* TURN servers with a user of their own are told as they are. */
static void
set_ice_servers (Serving *self)
{
  const VmtOptions *o = self->options;
  g_autoptr (GStrvBuilder) whole = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) secret = g_strv_builder_new ();
  g_auto (GStrv) ice = NULL, turn = NULL;

  if (o->stun)
    g_strv_builder_add (whole, o->stun);
  for (guint i = 0; o->turn && o->turn[i]; i++)
    g_strv_builder_add (strchr (o->turn[i], '@') ? whole : secret, o->turn[i]);
  ice = g_strv_builder_end (whole);
  turn = g_strv_builder_end (secret);
  g_object_set (self->server, "ice-servers", ice, "turn-servers", turn,
      "turn-secret", o->turn_secret, "relay-only",
      g_strcmp0 (o->ice_transport_policy, "relay") == 0, NULL);
  if (o->turn_lifetime)
    g_object_set (self->server, "turn-lifetime", o->turn_lifetime, NULL);
}

/* More than one line is no key, which the server says. */
static gboolean
set_gotify (Serving *self, GError **error)
{
  const VmtOptions *o = self->options;
  g_autofree gchar *key = NULL;

  if (!o->gotify_url)
    return TRUE;
  key =
      vmt_small_file_read (o->gotify_key_file, VMT_SMALL_FILE_MAX, NULL, error);
  if (!key || !vmt_small_file_is_secret (o->gotify_key_file, error))
    return FALSE;
  g_object_set (self->server, "gotify-url", o->gotify_url, "gotify-key",
      g_strstrip (key), NULL);
  return TRUE;
}

static gboolean
set_sfu (Serving *self, GError **error)
{
  const VmtOptions *o = self->options;
  g_autofree gchar *secret = NULL;

  g_object_set (self->server, "sfu-uri", o->sfu, "mesh-max", o->mesh_max,
      "mesh-return", o->mesh_return, NULL);
  if (!o->sfu_secret_file)
    return TRUE;
  secret =
      vmt_small_file_read (o->sfu_secret_file, VMT_SMALL_FILE_MAX, NULL, error);
  if (!secret || !vmt_small_file_is_secret (o->sfu_secret_file, error))
    return FALSE;
  g_object_set (self->server, "sfu-secret", g_strstrip (secret), NULL);
  return TRUE;
}

static gboolean
set_auth (Serving *self, GError **error)
{
  g_autofree gchar *keys = NULL;

  if (!self->options->auth)
    return TRUE;
  keys = vmt_small_file_read (
      self->options->auth, VMT_SMALL_FILE_MAX, NULL, error);
  /* public keys are for all to see */
  if (!keys
      || (!strstr (keys, "-----BEGIN PUBLIC KEY-----")
          && !vmt_small_file_is_secret (self->options->auth, error)))
    return FALSE;
  g_object_set (self->server, "auth-keys", keys, NULL);
  return TRUE;
}

static void
set_up (Serving *self)
{
  const VmtOptions *o = self->options;

  g_object_set (self->server, "port", o->port ? o->port : PORT, "loopback",
      o->loopback, "insecure", o->insecure, "tls-cert", o->tls_cert, "tls-key",
      o->tls_key, "names", o->names, "origins", o->origins, "trusted-proxies",
      o->proxies, "state-file", o->state, "cluster", o->cluster,
      "auth-any-room", o->auth_any_room, "unmoderated", o->no_moderator,
      "cluster-credentials", o->cluster_credentials, "cluster-ca",
      o->cluster_ca, NULL);
  if (o->room_size)
    g_object_set (self->server, "room-size", o->room_size, NULL);
  if (o->max_per_address)
    g_object_set (self->server, "max-per-address", o->max_per_address, NULL);
  set_ice_servers (self);
  g_signal_connect (self->server, "room-changed", G_CALLBACK (on_room), self);
}

static void
run (Serving *self, VmIdentity *identity, gint64 start_us)
{
  gint64 elapsed_ms = (g_get_monotonic_time () - start_us) / 1000;

  g_unix_signal_add (SIGINT, on_end, self);
  g_unix_signal_add (SIGTERM, on_end, self);
  vmt_hangup_add (on_hangup, self);
  if (self->options->duration > 0)
    g_timeout_add (
        MAX (0, self->options->duration * 1000 - elapsed_ms), on_end, self);
  /* who reads it may end the server at once */
  tell_started (self, identity);
  /* no source is removed: a signal that comes while it ends must not end it
   * otherwise; no loop runs after this one */
  g_main_loop_run (self->loop);
}

/* What the server knows by the name of a property the user knows by a file. */
static gchar *
name_file (Serving *self, const gchar *message)
{
  static const gchar property[] = "auth-keys: ";
  g_autofree gchar *file = NULL;

  if (!self->options->auth || !g_str_has_prefix (message, property))
    return g_strdup (message);
  file = vmt_text_safe (self->options->auth);
  return g_strdup_printf ("%s: %s", file, message + strlen (property));
}

static gboolean
fail (Serving *self, const GError *error)
{
  g_autofree gchar *message = name_file (self, error->message);

  vmt_output_error (self->output,
      error->domain == VM_ERROR ? vm_error_to_code (error->code) : NULL,
      message);
  return FALSE;
}

/* A connection is a descriptor; shells give a program 1,024. */
static void
raise_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = MIN (limit.rlim_max, DESCRIPTORS);
  setrlimit (RLIMIT_NOFILE, &limit);
}

static gboolean
serve (Serving *self, gint64 start_us)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &error);

  if (!identity)
    return fail (self, error);
  raise_limit ();
  self->server = vm_room_server_new (identity);
  set_up (self);
  if (!set_gotify (self, &error) || !set_sfu (self, &error)
      || !set_auth (self, &error)
      || !vm_room_server_start (self->server, &error))
    return fail (self, error);
  run (self, identity, start_us);
  vm_room_server_stop (self->server);
  tell_stopped (self);
  return TRUE;
}

gint
vmt_cmd_server (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  Serving self = { .options = options, .output = output };
  gboolean done;

  /* who calls one another waits for no log */
  vmt_output_set_impatient (output);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.rooms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  done = serve (&self, start_us);
  if (self.server)
    g_signal_handlers_disconnect_by_data (self.server, &self);
  g_clear_object (&self.server);
  g_hash_table_unref (self.rooms);
  g_main_loop_unref (self.loop);
  return done ? VMT_EXIT_OK : VMT_EXIT_FAILED;
}
