/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "options/options-agent.h"
#include "options/options-call.h"
#include "options/options-cert.h"
#include "options/options-config.h"
#include "options/options-devices.h"
#include "options/options-files.h"
#include "options/options-priv.h"
#include "options/options-server.h"
#include "options/options-table.h"
#include "options/options-trust.h"
#include "cmd/target.h"
#include "ui/output.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

void
vmt_options_clear (VmtOptions *options)
{
  g_free (options->target);
  g_free (options->user);
  g_free (options->device);
  g_free (options->device_name);
  g_free (options->interfaces);
  g_free (options->peers);
  g_free (options->meeting);
  g_free (options->pin);
  g_free (options->host_key);
  g_free (options->pin_file);
  g_free (options->turn_file);
  g_free (options->api_secret_file);
  g_free (options->api_secret);
  g_free (options->cloud);
  g_free (options->cloud_pin_file);
  g_free (options->cloud_pin);
  g_free (options->token_file);
  g_free (options->token);
  g_free (options->dialect);
  g_free (options->server);
  g_free (options->room);
  g_free (options->share_dir);
  g_strfreev (options->allow);
  g_strfreev (options->argv);
  g_free (options->term);
  g_free (options->stun_address);
  g_free (options->their_folder);
  g_strfreev (options->origins);
  g_free (options->tls_cert);
  g_free (options->tls_key);
  g_free (options->source);
  g_free (options->camera);
  g_free (options->microphone);
  g_free (options->speaker);
  g_free (options->size);
  g_free (options->region);
  g_free (options->codec);
  g_free (options->audio_profile);
  g_free (options->stun);
  g_free (options->ice_transport_policy);
  g_free (options->latency);
  g_free (options->fallback);
  g_strfreev (options->turn);
  g_free (options->record);
  g_strfreev (options->files);
  g_strfreev (options->defaults);
  g_strfreev (options->priorities);
  g_free (options->files_dir);
  vmt_options_clear_server (options);
  memset (options, 0, sizeof *options);
}

/* What was read as text and has to become something else. */
typedef struct
{
  gchar *announce, *methods, *policy, *cloud_trust, *approve, *permissions;
  VmtFilesRaw files;
  gchar **rest;
  gboolean no_config;
} Raw;

static void
raw_clear (Raw *raw)
{
  g_free (raw->announce);
  g_free (raw->methods);
  g_free (raw->policy);
  g_free (raw->cloud_trust);
  g_free (raw->approve);
  g_free (raw->permissions);
  vmt_files_raw_clear (&raw->files);
  g_strfreev (raw->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Raw, raw_clear)

/* Whether it runs this device, until it is told to stop. */
static gboolean
is_live (VmtCommand command)
{
  return command == VMT_COMMAND_DISCOVER || command == VMT_COMMAND_HOST
         || command == VMT_COMMAND_JOIN || command == VMT_COMMAND_RECEIVE
         || command == VMT_COMMAND_SERVER || vmt_command_is_call (command);
}

static void
add_run_entries (GArray *all, VmtOptions *o, VmtCommand command)
{
  const GOptionEntry json[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json,
        "Print one JSON object per line and nothing else", NULL },
    { NULL },
  };
  const GOptionEntry duration[] = {
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &o->duration,
        "Stop after this time", "SECONDS" },
    { NULL },
  };

  if (is_live (command) || command == VMT_COMMAND_AGENT
      || command == VMT_COMMAND_TERM)
    vmt_add_entries (all, duration);
  vmt_add_entries (all, json);
}

static void
add_device_entries (GArray *all, VmtOptions *o, Raw *raw, VmtCommand command)
{
  const gchar *announce =
      command == VMT_COMMAND_DISCOVER
          ? "What others may learn: full, minimal, off (default off)"
          : "What to announce: full, minimal, off (default full; minimal with "
            "a PIN)";
  const GOptionEntry entries[] = {
    { "user", 'u', 0, G_OPTION_ARG_STRING, &o->user,
        "Your name, as others see it (default: this account's real name)",
        "NAME" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &o->device,
        "Name of this device (default: the host name)", "NAME" },
    { "device-name", 0, 0, G_OPTION_ARG_STRING, &o->device_name,
        "This device in the list of devices, for example \"Ann's laptop\" "
        "(default: the host name)",
        "NAME" },
    { "port", 'p', 0, G_OPTION_ARG_INT, &o->port,
        "TCP port to listen on (default: 8080 or the next one free)", "PORT" },
    { "methods", 0, 0, G_OPTION_ARG_STRING, &raw->methods,
        "Discovery methods: mdns, udp, manual (default all)", "LIST" },
    { "peers", 0, 0, G_OPTION_ARG_STRING, &o->peers,
        "More addresses to ask, for the method manual", "HOST:PORT,..." },
    { "interfaces", 0, 0, G_OPTION_ARG_STRING, &o->interfaces,
        "Network interfaces to use (default all)", "NAME,..." },
    { "announce", 0, 0, G_OPTION_ARG_STRING, &raw->announce, announce, "HOW" },
    { NULL },
  };
  const GOptionEntry insecure[] = {
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &o->insecure,
        "Plain HTTP instead of TLS; for tests on one machine", NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
  /* files are sent to who shows a key, by who shows one */
  if (command != VMT_COMMAND_RECEIVE)
    vmt_add_entries (all, insecure);
}

static void
add_agent_policy_entries (GArray *all, Raw *raw)
{
  const GOptionEntry entries[] = {
    { "policy", 0, 0, G_OPTION_ARG_STRING, &raw->policy,
        "Whom to have sessions with: open (anybody), pin (anybody, but a known "
        "device only with its known key), require (trusted devices only; see "
        "'videomeet trust') (default pin)",
        "POLICY" },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_policy_entries (GArray *all, Raw *raw)
{
  const GOptionEntry entries[] = {
    { "policy", 0, 0, G_OPTION_ARG_STRING, &raw->policy,
        "Whom to admit: open (anybody), pin (anybody, but a known device only "
        "with its known key), require (trusted devices only; see 'videomeet "
        "trust') (default pin)",
        "POLICY" },
    { "cloud-trust", 0, 0, G_OPTION_ARG_STRING, &raw->cloud_trust,
        "Whether people of the cloud, who show no key, are met with --policy "
        "require: refuse or allow (default refuse)",
        "HOW" },
    { "approve", 0, 0, G_OPTION_ARG_STRING, &raw->approve,
        "How to answer requests for trust: ask (ask you), auto (accept all, "
        "for test labs), never (default ask)",
        "HOW" },
    { "permissions", 0, 0, G_OPTION_ARG_STRING, &raw->permissions,
        "What a device that becomes trusted may do (default call,file,folder); "
        "introducer lets it vouch for others",
        "LIST" },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

/* Of what finds one device. */
static void
add_finding_entries (GArray *all, VmtOptions *o, Raw *raw)
{
  const GOptionEntry entries[] = {
    { "methods", 0, 0, G_OPTION_ARG_STRING, &raw->methods,
        "Discovery methods: mdns, udp, manual (default all)", "LIST" },
    { "peers", 0, 0, G_OPTION_ARG_STRING, &o->peers,
        "More addresses to ask, for the method manual", "HOST:PORT,..." },
    { "interfaces", 0, 0, G_OPTION_ARG_STRING, &o->interfaces,
        "Network interfaces to use (default all)", "NAME,..." },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

/* Of trust, which finds one device and asks it. */
static void
add_request_entries (GArray *all, VmtOptions *o, Raw *raw)
{
  const GOptionEntry entries[] = {
    { "user", 'u', 0, G_OPTION_ARG_STRING, &o->user,
        "Your name, as others see it (default: this account's real name)",
        "NAME" },
    { "approve", 0, 0, G_OPTION_ARG_STRING, &raw->approve,
        "Who compares the digits: ask (you), auto (nobody, for test labs) "
        "(default ask)",
        "HOW" },
    { "permissions", 0, 0, G_OPTION_ARG_STRING, &raw->permissions,
        "What the other device may do (default call,file,folder); with "
        "introducer it vouches for others",
        "LIST" },
    { NULL },
  };

  vmt_add_entries (all, entries);
  add_finding_entries (all, o, raw);
}

/* Servers that reach beyond the network. */
static void
add_server_entries (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "stun", 0, 0, G_OPTION_ARG_STRING, &o->stun,
        "STUN server, stun://HOST:PORT; a host passes it on to all "
        "participants (default none: a network of one's own needs none)",
        "URI" },
    { "turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->turn,
        "TURN server, turn://USER:PASSWORD@HOST:PORT (repeatable); a host "
        "passes it on to all participants. Other users of this machine can see "
        "the command line: prefer --turn-file",
        "URI" },
    VMT_TURN_FILE_ENTRY (o),
    { NULL },
  };

  vmt_add_entries (all, entries);
}

/* Which way it goes to the others. */
static void
add_path_entries (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "fallback", 0, 0, G_OPTION_ARG_STRING, &o->fallback,
        "Kinds of path that may be taken, the first of these that works: host, "
        "srflx (through a router), relay (a TURN server), cloud (an SFU) "
        "(default host,srflx,relay,cloud)",
        "LIST" },
    { "ice-transport-policy", 0, 0, G_OPTION_ARG_STRING,
        &o->ice_transport_policy,
        "all, or relay: only through a TURN server, which hides your address "
        "from the others (default all)",
        "POLICY" },
    { "latency", 0, 0, G_OPTION_ARG_STRING, &o->latency,
        "How long the others are held back before they are shown and heard: "
        "auto, as long as the network makes it necessary, or milliseconds "
        "(default auto)",
        "TIME" },
    { "verbose", 0, 0, G_OPTION_ARG_NONE, &o->verbose,
        "Also tell on which device each participant is and which path media "
        "takes",
        NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_sound_entries (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "audio-profile", 0, 0, G_OPTION_ARG_STRING, &o->audio_profile,
        "What your sound is: voice (mono, 32 kbit/s) or music (stereo, 128 "
        "kbit/s, unprocessed) (default voice)",
        "PROFILE" },
    { "no-dsp", 0, 0, G_OPTION_ARG_NONE, &o->no_dsp,
        "Send the microphone as it is: no echo cancellation, noise "
        "suppression and gain control. They are on where the others are played "
        "through a loudspeaker",
        NULL },
    { "push-to-talk", 0, 0, G_OPTION_ARG_NONE, &o->push_to_talk,
        "Begin without sound; /talk sends it until you press Enter (a terminal "
        "does not tell how long a key is held)",
        NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

/* What is sent, and what becomes of what others send. */
static void
add_media_entries (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "source", 's', 0, G_OPTION_ARG_STRING, &o->source,
        "What to send: camera, screen, test, stamp, or a file or URI "
        "(default camera)",
        "SOURCE" },
    { "codec", 0, 0, G_OPTION_ARG_STRING, &o->codec,
        "Video codec to send: vp8, h264 or vp9 (default vp8)", "CODEC" },
    { "audio-only", 0, 0, G_OPTION_ARG_NONE, &o->audio_only,
        "Send and receive sound only", NULL },
    { "view", 0, 0, G_OPTION_ARG_NONE, &o->view,
        "Show the others in one window. At a terminal with a display you are "
        "asked once, and the answer is kept",
        NULL },
    { "no-view", 0, 0, G_OPTION_ARG_NONE, &o->no_view,
        "Show nobody, whatever the configuration says", NULL },
    { "no-play", 0, 0, G_OPTION_ARG_NONE, &o->no_play,
        "Do not play the sound of the others. It is played where there is a "
        "speaker",
        NULL },
    { "record", 0, 0, G_OPTION_ARG_FILENAME, &o->record,
        "Record every other participant into a file in DIR", "DIR" },
    { NULL },
  };

  vmt_add_entries (all, entries);
  vmt_options_add_devices (all, o);
  add_sound_entries (all, o);
  add_server_entries (all, o);
  add_path_entries (all, o);
}

static void
add_cloud_entries (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "cloud", 0, 0, G_OPTION_ARG_STRING, &o->cloud,
        "Bring the meeting and a room of Janus together: everybody in one sees "
        "and hears everybody in the other. One device of the meeting does so, "
        "the earliest that can",
        "URI" },
    { "bridge", 0, 0, G_OPTION_ARG_NONE, &o->bridge,
        "With --cloud: this device does so, before all others", NULL },
    { "cloud-pin-file", 0, 0, G_OPTION_ARG_FILENAME, &o->cloud_pin_file,
        "File with the PIN of the room at --cloud", "FILE" },
    { "api-secret-file", 0, 0, G_OPTION_ARG_FILENAME, &o->api_secret_file,
        "File with the API secret of the Janus server", "FILE" },
    { "make-room", 0, 0, G_OPTION_ARG_NONE, &o->make_room,
        "Make the room of Janus, with its PIN, if there is none", NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_meeting_entries (GArray *all, VmtOptions *o, VmtCommand command)
{
  const GOptionEntry host[] = {
    { "meeting", 'm', 0, G_OPTION_ARG_STRING, &o->meeting,
        "Name of the meeting (default: the user's name)", "NAME" },
    { "browser", 0, 0, G_OPTION_ARG_NONE, &o->browser,
        "Open the page in a browser on this machine, and host the meeting "
        "there, with its camera and microphone; this program sends nothing, "
        "unless --source is given",
        NULL },
    { "max-participants", 0, 0, G_OPTION_ARG_INT, &o->max_participants,
        "Seats, the host's included (default 10)", "NUMBER" },
    { "origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->origins,
        "Also admit pages of this site, for example https://example.org "
        "(repeatable)",
        "URL" },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_cert,
        "Certificate (PEM) for the names by which browsers reach this device",
        "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_key,
        "Private key of that certificate (PEM), if it is in another file",
        "FILE" },
    VMT_NO_LOCAL_CERT_ENTRY (o),
    { NULL },
  };
  const GOptionEntry join[] = {
    { "meeting", 'm', 0, G_OPTION_ARG_STRING, &o->meeting,
        "Name of the meeting, instead of NAME", "NAME" },
    { "dialect", 0, 0, G_OPTION_ARG_STRING, &o->dialect,
        "Protocol of the server at URI: native, room, socketio or mesh "
        "(default: room for ws:// and wss://)",
        "DIALECT" },
    { "no-rejoin", 0, 0, G_OPTION_ARG_NONE, &o->no_rejoin,
        "End when the connection and the seat are lost, instead of joining "
        "again for 5 minutes",
        NULL },
    VMT_HOST_KEY_ENTRY (o),
    VMT_TOKEN_ENTRY (o),
    { NULL },
  };
  const GOptionEntry both[] = {
    { "pin", 0, 0, G_OPTION_ARG_STRING, &o->pin,
        "PIN of the meeting, 6 to 32 digits. Other users of this machine "
        "can see the command line: prefer --pin-file",
        "DIGITS" },
    VMT_PIN_FILE_ENTRY (o),
    { NULL },
  };

  vmt_add_entries (all, command == VMT_COMMAND_HOST ? host : join);
  vmt_add_entries (all, both);
  add_cloud_entries (all, o);
  add_media_entries (all, o);
}

void
vmt_add_entries (GArray *all, const GOptionEntry *entries)
{
  for (; entries->long_name; entries++)
    g_array_append_val (all, *entries);
}

/* GLib prints at once, too, when it comes to --help. */
static gboolean
show_help (const gchar *name, const gchar *value, gpointer data, GError **error)
{
  VmtCommand command = GPOINTER_TO_INT (data);
  g_autoptr (GArray) entries = vmt_options_list (command);
  g_autofree gchar *text = vmt_help_format (
      command, entries, vmt_terminal_get_columns (STDOUT_FILENO));

  fputs (text, stdout);
  exit (fflush (stdout) == 0 ? VMT_EXIT_OK : VMT_EXIT_FAILED);
}

/* Returns: (transfer full): where each entry puts its value is in @options or
 * @raw */
static GArray *
make_entries (VmtOptions *options, Raw *raw, VmtCommand command)
{
  GArray *all = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  const GOptionEntry rest[] = {
    /* files are called as they are, in whatever language */
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->rest, NULL,
        vmt_commands[command].parameters },
    { NULL },
  };
  const GOptionEntry insecure[] = {
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &options->insecure,
        "Ask over plain HTTP instead of TLS", NULL },
    { NULL },
  };
  const GOptionEntry no_config[] = {
    { "no-config", 0, 0, G_OPTION_ARG_NONE, &raw->no_config,
        "Take no defaults from ~/.config/videomeet/config", NULL },
    { NULL },
  };
  const GOptionEntry help[] = {
    { "help", 'h', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, show_help,
        "Show this help", NULL },
    { NULL },
  };

  if (command == VMT_COMMAND_HOST || command == VMT_COMMAND_JOIN) {
    add_meeting_entries (all, options, command);
    vmt_options_add_meeting_files (all, options, &raw->files);
    add_policy_entries (all, raw);
  }
  if (vmt_command_is_call (command)) {
    vmt_options_add_call (all, options, command, &raw->files);
    add_media_entries (all, options);
  }
  if (command == VMT_COMMAND_DOCTOR)
    add_server_entries (all, options);
  if (command == VMT_COMMAND_CERT)
    vmt_options_add_cert (all, options);
  if (command == VMT_COMMAND_TRUST)
    add_request_entries (all, options, raw);
  if (command == VMT_COMMAND_SEND) {
    vmt_options_add_send (all, options, &raw->files);
    add_finding_entries (all, options, raw);
    vmt_options_add_agent (all, options, command);
  }
  if (command == VMT_COMMAND_AGENT || command == VMT_COMMAND_SYNC
      || command == VMT_COMMAND_TERM) {
    vmt_options_add_agent (all, options, command);
    add_agent_policy_entries (all, raw);
  }
  if (command == VMT_COMMAND_AGENT)
    vmt_options_add_receive (all, &raw->files);
  if (command == VMT_COMMAND_RECEIVE) {
    vmt_options_add_receive (all, &raw->files);
    add_policy_entries (all, raw);
  }
  if (command == VMT_COMMAND_SERVER)
    vmt_options_add_server (all, options);
  else if (is_live (command) && !vmt_command_is_call (command))
    add_device_entries (all, options, raw, command);
  else if (command == VMT_COMMAND_STATUS)
    vmt_add_entries (all, insecure);
  add_run_entries (all, options, command);
  if (!vmt_options_has_own_config (command))
    vmt_add_entries (all, no_config);
  vmt_add_entries (all, help);
  vmt_add_entries (all, rest);
  return all;
}

GArray *
vmt_options_list (VmtCommand command)
{
  g_auto (VmtOptions) options = { 0 };
  g_auto (Raw) raw = { 0 };

  return make_entries (&options, &raw, command);
}

static GOptionContext *
make_context (VmtOptions *options, Raw *raw, VmtCommand command)
{
  g_autoptr (GArray) entries = make_entries (options, raw, command);
  GOptionContext *context = g_option_context_new (NULL);
  GOptionGroup *group =
      g_option_group_new ("main", NULL, NULL, GINT_TO_POINTER (command), NULL);

  g_option_group_add_entries (group, (const GOptionEntry *) entries->data);
  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  return context;
}

static gboolean
is_path (VmtCommand command, gchar **rest, guint n)
{
  return command == VMT_COMMAND_RECEIVE
         || (command == VMT_COMMAND_SEND && rest[n + 1])
         || (command == VMT_COMMAND_SYNC && n == 0)
         || (command == VMT_COMMAND_TERM && n > 0)
         || (command == VMT_COMMAND_TRUST && n == 1
             && (g_str_equal (rest[0], "export")
                 || g_str_equal (rest[0], "import")));
}

/* All but paths is text. */
static gboolean
check_words (VmtCommand command, gchar **rest, GError **error)
{
  for (guint i = 0; rest && rest[i]; i++) {
    g_autofree gchar *safe = NULL;

    if (is_path (command, rest, i) || g_utf8_validate (rest[i], -1, NULL))
      continue;
    safe = vmt_text_safe (rest[i]);
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "'%s' is not UTF-8.", safe);
    return FALSE;
  }
  return TRUE;
}

static gboolean
take_rest (
    VmtOptions *options, VmtCommand command, gchar **rest, GError **error)
{
  guint given = rest ? g_strv_length (rest) : 0;
  gboolean wanted = vmt_commands[command].parameters != NULL;

  if (!check_words (command, rest, error))
    return FALSE;
  if (command == VMT_COMMAND_TRUST)
    return vmt_options_take_trust (options, rest, error);
  if (command == VMT_COMMAND_SEND)
    return vmt_options_take_send (options, rest, error);
  if (command == VMT_COMMAND_SYNC)
    return vmt_options_take_sync (options, rest, error);
  if (command == VMT_COMMAND_TERM)
    return vmt_options_take_term (options, rest, error);
  if (given > (wanted ? 1 : 0)) {
    const gchar *extra = rest[wanted ? 1 : 0];

    if (command == VMT_COMMAND_HOST)
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
          "There is no use for '%s'. If the meeting is to have that name: "
          "--meeting '%s'.",
          extra, extra);
    else if (command == VMT_COMMAND_JOIN)
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
          "There is no use for '%s'. If it belongs to the name of the meeting, "
          "put the name in quotes.",
          extra);
    else
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
          "There is no use for '%s'.", extra);
    return FALSE;
  }
  if (given)
    options->target = g_strdup (rest[0]);
  if (command == VMT_COMMAND_JOIN && options->meeting) {
    if (options->target) {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
          "Say which meeting either as NAME or with --meeting, not both.");
      return FALSE;
    }
    options->target = g_strdup (options->meeting);
  }
  if (wanted && (!options->target || *options->target == '\0')) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        vmt_commands[command].missing);
    return FALSE;
  }
  return TRUE;
}

static gboolean
take_choices (
    VmtOptions *options, const Raw *raw, VmtCommand command, GError **error)
{
  gint value;

  options->announce_set = raw->announce != NULL;
  options->methods_set = raw->methods != NULL;
  options->policy_set = raw->policy != NULL;
  options->approve_set = raw->approve != NULL;
  options->permissions_set = raw->permissions != NULL;
  if (raw->announce
      && !vmt_parse_announce (raw->announce, &options->announce, error))
    return FALSE;
  if (raw->methods
      && !vmt_methods_parse (raw->methods, &options->methods, error))
    return FALSE;
  if (raw->cloud_trust) {
    if (!vmt_choice_parse (VM_TYPE_CLOUD_TRUST, "--cloud-trust",
            raw->cloud_trust, &value, error))
      return FALSE;
    options->cloud_trust = value;
  }
  if (raw->policy) {
    if (!vmt_choice_parse (
            VM_TYPE_POLICY, "--policy", raw->policy, &value, error))
      return FALSE;
    options->policy = value;
  }
  if (raw->approve) {
    if (!vmt_choice_parse (
            VM_TYPE_APPROVE, "--approve", raw->approve, &value, error))
      return FALSE;
    options->approve = value;
  }
  if (raw->permissions
      && !vmt_permissions_parse (
          raw->permissions, &options->permissions, error))
    return FALSE;
  if (command == VMT_COMMAND_TRUST && options->approve == VM_APPROVE_NEVER) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--approve takes ask or auto here: whoever asks for trust wants it.");
    return FALSE;
  }
  return TRUE;
}

static void
take_view (VmtOptions *options, VmtCommand command, gboolean no_config)
{
  gboolean meets = command == VMT_COMMAND_HOST || command == VMT_COMMAND_JOIN
                   || vmt_command_is_call (command);

  options->may_ask_view = meets && !options->view && !options->no_view
                          && !options->view_told && !options->browser
                          && !options->audio_only && !no_config;
  if (options->no_view)
    options->view = FALSE;
}

/* A link that the host shows names its key as well. */
static void
take_host_key (VmtOptions *options, VmtCommand command)
{
  const gchar *target = command == VMT_COMMAND_JOIN   ? options->target
                        : command == VMT_COMMAND_SEND ? options->meeting
                                                      : NULL;

  if (target && !options->host_key)
    options->host_key = vmt_target_get_host_key (target);
}

gboolean
vmt_options_parse (VmtOptions *options, VmtCommand command, gint *argc,
    gchar ***argv, GError **error)
{
  g_auto (Raw) raw = { 0 };
  g_autoptr (GOptionContext) context = NULL;

  /* values that no user can have meant tell "not given" apart */
  options->port = G_MININT;
  options->duration = NAN;
  options->max_participants = G_MININT;
  if (!vmt_options_read_config (options, command, argc, argv, error))
    return FALSE;
  context = make_context (options, &raw, command);
  if (!g_option_context_parse (context, argc, argv, error)) {
    vmt_options_name_unknown (command, error);
    return FALSE;
  }
  vmt_options_drop_defaults (options, command, &raw.files, &raw.approve);
  if (!vmt_secrets_take (options, command, error))
    return FALSE;
  if (!vmt_check_numbers (options, options->port != G_MININT,
          !isnan (options->duration), options->max_participants != G_MININT,
          error))
    return FALSE;
  if (options->port == G_MININT)
    options->port = 0;
  if (isnan (options->duration))
    options->duration = 0;
  if (options->max_participants == G_MININT)
    options->max_participants = 0;

  if (!take_choices (options, &raw, command, error)
      || !vmt_options_check_answer (command, &raw.files, error)
      || !vmt_options_take_files (options, &raw.files, error)
      || !vmt_options_check_meeting_files (options, command, &raw.files, error))
    return FALSE;
  if (command == VMT_COMMAND_SERVER
      && !vmt_options_take_server (options, error))
    return FALSE;
  if (!options->announce_set && options->pin && command == VMT_COMMAND_HOST) {
    options->announce_set = TRUE;
    options->announce = VM_ANNOUNCE_MINIMAL;
  }
  if (options->tls_key && !options->tls_cert) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--tls-key is of use with --tls-cert alone.");
    return FALSE;
  }
  if (options->browser && options->insecure) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--browser needs TLS: leave --insecure out.");
    return FALSE;
  }
  if (!vmt_check_name ("--user", options->user, error)
      || !vmt_check_name ("--device", options->device, error)
      || !vmt_check_name ("--device-name", options->device_name, error)
      || !vmt_check_name ("--meeting", options->meeting, error)
      || !vmt_check_pin (options->pin, error)
      || !vmt_options_check_cert (options, error)
      || !vmt_options_check_agent (options, command, error)
      || !vmt_options_take_token (options, error)
      || !vmt_check_codec (options->codec, error)
      || !vmt_check_audio_profile (options->audio_profile, error)
      || !vmt_check_paths (options, error)
      || !vmt_check_dialect (options->dialect, error)
      || !vmt_check_peers (options->peers, error)
      || !vmt_check_origins (options->origins, error)
      || (command != VMT_COMMAND_SERVER && !vmt_check_servers (options, error)))
    return FALSE;
  /* who hosts in the browser has camera, window and sound there */
  if (!options->source && !options->browser)
    options->source = g_strdup ("camera");
  if (options->browser && !options->source && !options->view
      && !options->speaker)
    options->no_play = TRUE;
  take_view (options, command, raw.no_config);
  if (!vmt_options_check_devices (options, error)
      || !take_rest (options, command, raw.rest, error)
      || (vmt_command_is_call (command)
          && !vmt_options_take_call (options, error)))
    return FALSE;
  take_host_key (options, command);
  return TRUE;
}
