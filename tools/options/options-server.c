/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-server.h"
#include "options/options-priv.h"
#include "ui/output.h"

#include <string.h>

#define DRAIN_UNSET (-G_MAXDOUBLE)

void
vmt_options_clear_server (VmtOptions *options)
{
  g_free (options->config);
  g_strfreev (options->arguments);
  g_free (options->left);
  g_strfreev (options->names);
  g_strfreev (options->proxies);
  g_free (options->turn_secret);
  g_free (options->state);
  g_free (options->cluster);
  g_free (options->cluster_credentials);
  g_free (options->cluster_ca);
  g_free (options->gotify_url);
  g_free (options->gotify_key_file);
  g_free (options->sfu);
  g_free (options->sfu_secret_file);
  g_free (options->auth);
}

void
vmt_options_add_server (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &o->config,
        "Read options from group [server] of FILE; the command line takes "
        "precedence",
        "FILE" },
    { "port", 'p', 0, G_OPTION_ARG_INT, &o->port,
        "TCP port to listen on (default 8080)", "PORT" },
    { "loopback", 0, 0, G_OPTION_ARG_NONE, &o->loopback,
        "Listen on the loopback interface only, in plain HTTP, behind a proxy",
        NULL },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &o->insecure,
        "Plain HTTP instead of TLS, on every interface", NULL },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_cert,
        "Certificate (PEM) for the names by which browsers reach this server",
        "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_key,
        "Private key of that certificate (PEM), if it is in another file",
        "FILE" },
    VMT_NO_LOCAL_CERT_ENTRY (o),
    { "name", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->names,
        "A name of this server besides its addresses and the names of "
        "--tls-cert (repeatable)",
        "NAME" },
    { "origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->origins,
        "Also admit pages of this site, for example https://example.org "
        "(repeatable)",
        "URL" },
    { "auth", 0, 0, G_OPTION_ARG_FILENAME, &o->auth,
        "Admit only users with a JSON Web Token that FILE verifies: public "
        "keys (PEM, P-256) for ES256, or a secret for HS256",
        "FILE" },
    { "auth-any-room", 0, 0, G_OPTION_ARG_NONE, &o->auth_any_room,
        "Accept a token that names no room for all rooms", NULL },
    { "no-moderator", 0, 0, G_OPTION_ARG_NONE, &o->no_moderator,
        "Make nobody a moderator who can remove and mute others and lock the "
        "room (default: the first participant of the page or videomeet)",
        NULL },
    { "room-size", 0, 0, G_OPTION_ARG_INT, &o->room_size,
        "Seats of each room, 2 to 128 (default 10)", "NUMBER" },
    { "max-per-address", 0, 0, G_OPTION_ARG_INT, &o->max_per_address,
        "Most connections, and most rooms begun, of one address (default 64)",
        "NUMBER" },
    { "trusted-proxy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->proxies,
        "Trust X-Forwarded-For from this proxy, or this network, for example "
        "10.0.0.0/8 (repeatable)",
        "ADDRESS" },
    { "stun", 0, 0, G_OPTION_ARG_STRING, &o->stun,
        "STUN server for all participants, stun://HOST:PORT (default none)",
        "URI" },
    { "turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->turn,
        "TURN server for all participants: turn://HOST:PORT with "
        "--turn-secret, else turn://USER:PASSWORD@HOST:PORT (repeatable)",
        "URI" },
    VMT_TURN_FILE_ENTRY (o),
    { "turn-secret", 0, 0, G_OPTION_ARG_STRING, &o->turn_secret,
        "Secret shared with the TURN servers; each participant gets its own "
        "password, valid for --turn-lifetime. Prefer the file of --config, "
        "which others must not be able to read",
        "SECRET" },
    { "turn-lifetime", 0, 0, G_OPTION_ARG_INT, &o->turn_lifetime,
        "Validity of these passwords, 60 to 604800 (default 43200); "
        "participants get new ones in time",
        "SECONDS" },
    { "ice-transport-policy", 0, 0, G_OPTION_ARG_STRING,
        &o->ice_transport_policy,
        "Network paths of media: all (default), or relay, the TURN servers "
        "alone, so that no participant learns the address of another",
        "POLICY" },
    { "relay-only", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &o->relay_only,
        "As --ice-transport-policy relay", NULL },
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &o->state,
        "Keep rooms over a restart: FILE is written at the end, and read and "
        "removed at the start",
        "FILE" },
    { "cluster", 0, 0, G_OPTION_ARG_STRING, &o->cluster,
        "Share rooms with the other servers at this NATS server with "
        "JetStream, nats://HOST:PORT or tls://HOST:PORT",
        "URL" },
    { "cluster-credentials", 0, 0, G_OPTION_ARG_FILENAME,
        &o->cluster_credentials, "Credentials for NATS (.creds)", "FILE" },
    { "cluster-ca", 0, 0, G_OPTION_ARG_FILENAME, &o->cluster_ca,
        "Authority that signed the certificate of tls:// (PEM)", "FILE" },
    { "gotify-url", 0, 0, G_OPTION_ARG_STRING, &o->gotify_url,
        "Gotify server to notify of missed calls and of events in the mesh, "
        "https://HOST",
        "URL" },
    { "gotify-key-file", 0, 0, G_OPTION_ARG_FILENAME, &o->gotify_key_file,
        "File with an application's token for Gotify", "FILE" },
    { "sfu", 0, 0, G_OPTION_ARG_STRING, &o->sfu,
        "Janus server by which sound and pictures of rooms with more than "
        "--mesh-max participants go, janus+ws://HOST:PORT/",
        "URI" },
    { "sfu-secret-file", 0, 0, G_OPTION_ARG_FILENAME, &o->sfu_secret_file,
        "File with the API secret of that Janus server", "FILE" },
    { "mesh-max", 0, 0, G_OPTION_ARG_INT, &o->mesh_max,
        "Most participants of a room without --sfu, 2 to --room-size "
        "(default 6)",
        "NUMBER" },
    { "mesh-return", 0, 0, G_OPTION_ARG_INT, &o->mesh_return,
        "Time with few participants after which a room leaves --sfu, 1 to 3600 "
        "(default 60)",
        "SECONDS" },
    { "drain", 0, 0, G_OPTION_ARG_DOUBLE, &o->drain,
        "Time between SIGTERM and the end, in which nobody is admitted "
        "(default 5)",
        "SECONDS" },
    { NULL },
  };

  o->room_size = o->max_per_address = o->turn_lifetime = G_MININT;
  o->mesh_max = o->mesh_return = G_MININT;
  o->drain = DRAIN_UNSET;
  vmt_add_entries (all, entries);
}

static gboolean
refuse (GError **error, const gchar *message)
{
  g_set_error_literal (
      error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
  return FALSE;
}

/* TURN servers that have a user need no secret, and the others one. */
static gboolean
check_turn (VmtOptions *options, GError **error)
{
  gboolean wanted = FALSE;

  if (options->relay_only) {
    g_free (options->ice_transport_policy);
    options->ice_transport_policy = g_strdup ("relay");
  }
  for (guint i = 0; options->turn && options->turn[i]; i++) {
    if (!g_str_has_prefix (options->turn[i], "turn://")
        && !g_str_has_prefix (options->turn[i], "turns://"))
      return refuse (error, "--turn takes turn://HOST:PORT or turns://.");
    wanted |= !strchr (options->turn[i], '@');
  }
  if (g_strcmp0 (options->ice_transport_policy, "relay") == 0 && !options->turn)
    return refuse (error, "--ice-transport-policy relay needs --turn.");
  if (wanted && !options->turn_secret)
    return refuse (
        error, "--turn without a user and password needs --turn-secret.");
  if (options->turn_secret && !*options->turn_secret)
    return refuse (error, "--turn-secret is empty.");
  if (options->turn_secret && !wanted)
    return refuse (error, "--turn-secret is of use with --turn alone, as "
                          "turn://HOST:PORT.");
  if (options->turn_lifetime == G_MININT)
    options->turn_lifetime = 0;
  else if (options->turn_lifetime < VMT_TURN_LIFETIME_MIN
           || options->turn_lifetime > VMT_TURN_LIFETIME_MAX)
    return refuse (error, "--turn-lifetime takes 60 to 604800 seconds.");
  else if (!options->turn_secret)
    return refuse (
        error, "--turn-lifetime is of use with --turn-secret alone.");
  return options->stun == NULL || g_str_has_prefix (options->stun, "stun://")
         || refuse (error, "--stun takes stun://HOST:PORT.");
}

static gboolean
check_sfu (VmtOptions *options, GError **error)
{
  if (!options->sfu
      && (options->sfu_secret_file || options->mesh_max != G_MININT
          || options->mesh_return != G_MININT))
    return refuse (error, "--sfu-secret-file, --mesh-max and --mesh-return are "
                          "of use with --sfu alone.");
  if (options->mesh_max == G_MININT)
    options->mesh_max = 0;
  else if (options->mesh_max < 2 || options->mesh_max > 128)
    return refuse (error, "--mesh-max takes a number from 2 to 128.");
  if (options->mesh_return == G_MININT)
    options->mesh_return = 0;
  else if (options->mesh_return < 1 || options->mesh_return > 3600)
    return refuse (error, "--mesh-return takes 1 to 3600 seconds.");
  return TRUE;
}

/* What can stand in a link: names, those beyond ASCII too, and addresses. */
static gboolean
is_name (const gchar *name)
{
  if (g_hostname_is_ip_address (name))
    return TRUE;
  for (const gchar *c = name; *c; c++) {
    if ((guchar) *c < 0x80 && !g_ascii_isalnum (*c) && !strchr ("-._", *c))
      return FALSE;
  }
  return *name != '\0';
}

static gboolean
check_names (const VmtOptions *options, GError **error)
{
  for (guint i = 0; options->names && options->names[i]; i++) {
    g_autofree gchar *safe = NULL;

    if (is_name (options->names[i]))
      continue;
    safe = vmt_text_safe (options->names[i]);
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--name takes a name alone, as meet.example.org, not '%s'.", safe);
    return FALSE;
  }
  return TRUE;
}

gboolean
vmt_options_take_server (VmtOptions *options, GError **error)
{
  if (options->room_size == G_MININT)
    options->room_size = 0;
  else if (options->room_size < 2 || options->room_size > 128)
    return refuse (error, "--room-size takes a number from 2 to 128.");
  if (options->max_per_address == G_MININT)
    options->max_per_address = 0;
  else if (options->max_per_address < 1)
    return refuse (error, "--max-per-address takes a number from 1 on.");
  if (options->drain == DRAIN_UNSET)
    options->drain = VMT_DRAIN;
  else if (!(options->drain >= 0 && options->drain <= VMT_DRAIN_MAX))
    return refuse (error, "--drain takes 0 to 600 seconds.");
  if (options->auth_any_room && !options->auth)
    return refuse (error, "--auth-any-room is of use with --auth alone.");
  if (!options->gotify_url != !options->gotify_key_file)
    return refuse (error, "--gotify-url and --gotify-key-file are of use "
                          "together alone.");
  if (!options->cluster
      && (options->cluster_credentials || options->cluster_ca))
    return refuse (error, "--cluster-credentials and --cluster-ca are of use "
                          "with --cluster alone.");
  if (options->cluster && !g_str_has_prefix (options->cluster, "nats://")
      && !g_str_has_prefix (options->cluster, "tls://"))
    return refuse (
        error, "--cluster takes nats://HOST:PORT or tls://HOST:PORT.");
  if (options->cluster && options->state)
    return refuse (error, "--cluster keeps rooms at the other servers, and not "
                          "in the file of --state.");
  if (options->loopback && options->insecure)
    return refuse (error, "--loopback is plain HTTP already, without "
                          "--insecure.");
  return check_names (options, error) && check_turn (options, error)
         && check_sfu (options, error);
}
