/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "commands.h"
#include "options-trust.h"

#include <math.h>
#include <string.h>

#define MISSPELLING_MAX 2 /* edits that still pass for a slip of the fingers */

static const struct
{
  const gchar *name;
  const gchar *parameters; /* of the usage line, or NULL */
  const gchar *summary;
  const gchar *text;
  const gchar *missing; /* said when its parameter is not there */
} commands[VMT_N_COMMANDS] = {
  [VMT_COMMAND_DISCOVER] = { "discover", NULL,
      "Show the devices on the local network as they come and go",
      "Looks without being seen, unless --announce says otherwise. Every\n"
      "device listed has answered for itself: announcements alone are not\n"
      "believed." },
  [VMT_COMMAND_HOST] = { "host", NULL,
      "Open a meeting on this device and wait for others to join",
      "Without --meeting the meeting bears the name of the user. Others join\n"
      "with 'videomeet join NAME'. A line that is typed is sent to everybody;\n"
      "/help shows what else can be typed. Ctrl-C leaves and ends the "
      "meeting." },
  [VMT_COMMAND_JOIN] = { "join", "NAME|URI",
      "Join a meeting on the local network",
      "NAME is looked for on the network. URI is\n"
      "videomeet://HOST[:PORT]/NAME, the https:// link that the host shows, "
      "or\nws://HOST[:PORT]/ROOM (wss://), a room on somebody else's server.\n"
      "A line that is typed is sent to everybody; /help shows what else can "
      "be\n"
      "typed. Ctrl-C leaves.",
      "Say which meeting: 'videomeet join NAME'. 'videomeet discover' shows "
      "those there are." },
  [VMT_COMMAND_STATUS] = { "status", "ADDR",
      "Ask one device who it is and what it does",
      "ADDR is HOST[:PORT]; the port is 8080 where none is given. The key\n"
      "that TLS presents is compared with the device id in the answer.",
      "Say which device: 'videomeet status HOST[:PORT]'." },
  [VMT_COMMAND_KNOWN] = { "known", NULL,
      "Show the devices met before, whose keys are remembered",
      "A device is remembered when its meeting is joined for the first time.\n"
      "From then on its name is believed only with the same key." },
  [VMT_COMMAND_FORGET] = { "forget", "DEVICE",
      "Forget a device met before, and its key",
      "DEVICE is a device id, the beginning of one, or the name of a user or\n"
      "device that means one device alone. Forget a device when you know why\n"
      "its key is new: the next one that bears its name is believed.",
      "Say which device: 'videomeet forget DEVICE'. 'videomeet known' shows "
      "those that are remembered." },
  [VMT_COMMAND_TRUST] = { "trust", "ACTION [DEVICE|FILE]",
      "Trust other devices, and see and change which are trusted",
      "request DEVICE  ask a device for trust: both users compare six digits\n"
      "list            show the devices that are trusted, known or revoked\n"
      "show DEVICE     show what is known of one\n"
      "revoke DEVICE   trust it no longer; a call with it ends at once\n"
      "export [FILE]   write them all to FILE, or the standard output\n"
      "import FILE     read what export has written ('-': standard input)\n\n"
      "DEVICE is a device id, the beginning of one, or the name of a user or\n"
      "device that means one device alone; request looks for it on the "
      "network\n"
      "and takes HOST:PORT as well. A device that is trusted is let in by\n"
      "'videomeet host --policy require'." },
};

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
  g_free (options->dialect);
  g_strfreev (options->origins);
  g_free (options->tls_cert);
  g_free (options->tls_key);
  g_free (options->source);
  g_free (options->codec);
  g_free (options->stun);
  g_strfreev (options->turn);
  g_free (options->record);
  memset (options, 0, sizeof *options);
}

const gchar *
vmt_command_to_string (VmtCommand command)
{
  return commands[command].name;
}

const gchar *
vmt_command_summary (VmtCommand command)
{
  return commands[command].summary;
}

gboolean
vmt_command_from_string (const gchar *text, VmtCommand *command)
{
  for (guint i = 0; i < VMT_N_COMMANDS; i++)
    if (g_str_equal (text, commands[i].name)) {
      *command = i;
      return TRUE;
    }
  return FALSE;
}

/* Levenshtein's distance, two neighbours swapped counting as one edit; @b is
 * one of our own short names. */
static guint
edit_distance (const gchar *a, const gchar *b)
{
  gsize n = strlen (a), m = strlen (b);
  guint table[3][16] = { { 0 } };

  g_assert (m < G_N_ELEMENTS (table[0]));
  for (gsize j = 0; j <= m; j++)
    table[0][j] = j;
  for (gsize i = 1; i <= n; i++) {
    guint *row = table[i % 3], *above = table[(i + 2) % 3];

    row[0] = i;
    for (gsize j = 1; j <= m; j++) {
      row[j] = MIN (above[j] + 1, row[j - 1] + 1);
      row[j] = MIN (row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = MIN (row[j], table[(i + 1) % 3][j - 2] + 1);
    }
  }
  return table[n % 3][m];
}

const gchar *
vmt_command_suggest (const gchar *text)
{
  const gchar *best = NULL;
  guint best_distance = MISSPELLING_MAX + 1;

  if (*text == '\0')
    return NULL;
  for (guint i = 0; i < VMT_N_COMMANDS; i++) {
    guint distance = edit_distance (text, commands[i].name);

    if (g_str_has_prefix (commands[i].name, text))
      distance = 1;
    if (distance < best_distance) {
      best = commands[i].name;
      best_distance = distance;
    }
  }
  return best;
}

gboolean
vmt_methods_parse (const gchar *text, VmMethods *methods, GError **error)
{
  g_auto (GStrv) names = g_strsplit_set (text, ",+", -1);

  *methods = VM_METHODS_NONE;
  if (*text == '\0') {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--methods takes mdns, udp and manual, separated by commas, or all.");
    return FALSE;
  }
  for (gchar **name = names; *name; name++) {
    g_strstrip (*name);
    if (g_str_equal (*name, "mdns"))
      *methods |= VM_METHODS_MDNS;
    else if (g_str_equal (*name, "udp"))
      *methods |= VM_METHODS_UDP;
    else if (g_str_equal (*name, "manual"))
      *methods |= VM_METHODS_MANUAL;
    else if (g_str_equal (*name, "all"))
      *methods |= VM_METHODS_ALL;
    else {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "'%s' is no way of finding devices; --methods takes mdns, udp and "
          "manual, separated by commas, or all.",
          *name);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
parse_announce (const gchar *text, VmAnnounce *announce, GError **error)
{
  if (g_str_equal (text, "full"))
    *announce = VM_ANNOUNCE_FULL;
  else if (g_str_equal (text, "minimal"))
    *announce = VM_ANNOUNCE_MINIMAL;
  else if (g_str_equal (text, "off"))
    *announce = VM_ANNOUNCE_OFF;
  else {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--announce takes full, minimal or off, not '%s'.", text);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_name (const gchar *option, const gchar *text, GError **error)
{
  const gchar *why = NULL;

  if (!text)
    return TRUE;
  if (*text == '\0')
    why = "is empty";
  else if (strlen (text) > VMT_NAME_MAX)
    why = "is longer than 128 bytes";
  else if (!g_utf8_validate (text, -1, NULL))
    why = "is not valid UTF-8";
  else
    for (const gchar *c = text; *c && !why; c = g_utf8_next_char (c))
      if (g_unichar_iscntrl (g_utf8_get_char (c)))
        why = "contains a control character";
  if (why)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "The value of %s %s.", option, why);
  return why == NULL;
}

static gboolean
check_pin (const gchar *pin, GError **error)
{
  gsize size = pin ? strlen (pin) : 0;

  if (!pin
      || (size >= VMT_PIN_MIN && size <= VMT_PIN_MAX
          && strspn (pin, "0123456789") == size))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "A PIN has %d to %d digits and nothing else.", VMT_PIN_MIN, VMT_PIN_MAX);
  return FALSE;
}

static gboolean
check_numbers (const VmtOptions *options, gboolean port_given,
    gboolean duration_given, gboolean seats_given, GError **error)
{
  if (port_given && (options->port < 1 || options->port > 65535)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--port takes a number from 1 to 65535, not %d.", options->port);
    return FALSE;
  }
  if (duration_given
      && !(options->duration > 0 && options->duration <= VMT_DURATION_MAX)) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--duration takes a number of seconds above 0, at most 30 days.");
    return FALSE;
  }
  if (seats_given
      && (options->max_participants < VMT_PARTICIPANTS_MIN
          || options->max_participants > VMT_PARTICIPANTS_MAX)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--max-participants takes a number from %d to %d, not %d.",
        VMT_PARTICIPANTS_MIN, VMT_PARTICIPANTS_MAX, options->max_participants);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_codec (const gchar *codec, GError **error)
{
  if (!codec || g_str_equal (codec, "vp8") || g_str_equal (codec, "h264"))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--codec takes vp8 or h264, not '%s'.", codec);
  return FALSE;
}

static gboolean
check_dialect (const gchar *dialect, GError **error)
{
  if (!dialect || g_str_equal (dialect, "native")
      || g_str_equal (dialect, "room"))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--dialect takes native or room, not '%s'.", dialect);
  return FALSE;
}

/* The server says what else is no origin; here what would be several. */
static gboolean
check_origins (gchar **origins, GError **error)
{
  for (guint i = 0; origins && origins[i]; i++) {
    if (strstr (origins[i], "://") && !strchr (origins[i], ','))
      continue;
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--origin takes the address of a site, as https://example.org, not "
        "'%s'.",
        origins[i]);
    return FALSE;
  }
  return TRUE;
}

/* The value is not repeated: it may have a password in it. A comma is what
 * vmsignalbin has between two. */
static gboolean
check_servers (const VmtOptions *options, GError **error)
{
  if (options->stun && !g_str_has_prefix (options->stun, "stun://")) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--stun takes stun://HOST:PORT.");
    return FALSE;
  }
  for (guint i = 0; options->turn && options->turn[i]; i++) {
    const gchar *uri = options->turn[i];

    if ((g_str_has_prefix (uri, "turn://")
            || g_str_has_prefix (uri, "turns://"))
        && strchr (uri, '@') && !strchr (uri, ','))
      continue;
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--turn takes turn://USER:PASSWORD@HOST:PORT, with %2C for a comma.");
    return FALSE;
  }
  return TRUE;
}

/* What was read as text and has to become something else. */
typedef struct
{
  gchar *announce, *methods, *policy, *approve, *permissions;
  gchar **rest;
} Raw;

static void
raw_clear (Raw *raw)
{
  g_free (raw->announce);
  g_free (raw->methods);
  g_free (raw->policy);
  g_free (raw->approve);
  g_free (raw->permissions);
  g_strfreev (raw->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Raw, raw_clear)

/* Whether it runs this device, until it is told to stop. */
static gboolean
is_live (VmtCommand command)
{
  return command == VMT_COMMAND_DISCOVER || command == VMT_COMMAND_HOST
         || command == VMT_COMMAND_JOIN;
}

static void
add_run_entries (GOptionContext *context, VmtOptions *o, VmtCommand command)
{
  const GOptionEntry json[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json,
        "Print one JSON object a line and nothing else", NULL },
    { NULL },
  };
  const GOptionEntry duration[] = {
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &o->duration,
        "Stop by itself, counted from the start of the program", "SECONDS" },
    { NULL },
  };

  if (is_live (command))
    g_option_context_add_main_entries (context, duration, NULL);
  g_option_context_add_main_entries (context, json, NULL);
}

static void
add_device_entries (
    GOptionContext *context, VmtOptions *o, Raw *raw, VmtCommand command)
{
  const gchar *announce =
      command == VMT_COMMAND_DISCOVER
          ? "What others may learn: full, minimal, off (default off)"
          : "What others may learn: full, minimal, off (default full; minimal "
            "with a PIN)";
  const GOptionEntry entries[] = {
    { "user", 'u', 0, G_OPTION_ARG_STRING, &o->user,
        "Name to be known by (default: this account's real name)", "NAME" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &o->device,
        "Name of this device (default: the host name)", "NAME" },
    { "device-name", 0, 0, G_OPTION_ARG_STRING, &o->device_name,
        "Name of this device as people read it", "NAME" },
    { "port", 'p', 0, G_OPTION_ARG_INT, &o->port,
        "TCP port to listen on (default: 8080 or the next one free)", "PORT" },
    { "methods", 0, 0, G_OPTION_ARG_STRING, &raw->methods,
        "Ways to find devices: mdns, udp, manual (default all)", "LIST" },
    { "peers", 0, 0, G_OPTION_ARG_STRING, &o->peers,
        "Addresses to ask as well, for the method manual", "HOST:PORT,..." },
    { "interfaces", 0, 0, G_OPTION_ARG_STRING, &o->interfaces,
        "Network interfaces to use (default all)", "NAME,..." },
    { "announce", 0, 0, G_OPTION_ARG_STRING, &raw->announce, announce, "HOW" },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &o->insecure,
        "Plain HTTP instead of TLS; for tests on one machine", NULL },
    { NULL },
  };

  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_policy_entries (GOptionContext *context, Raw *raw)
{
  const GOptionEntry entries[] = {
    { "policy", 0, 0, G_OPTION_ARG_STRING, &raw->policy,
        "Whom to meet: open (anybody), pin (a device is held to the key it "
        "first had), require (trusted devices; see 'videomeet trust') (default "
        "pin)",
        "POLICY" },
    { "approve", 0, 0, G_OPTION_ARG_STRING, &raw->approve,
        "Who answers devices that ask for trust: ask (you), auto (nobody "
        "looks; "
        "for labs), never (default ask)",
        "HOW" },
    { "permissions", 0, 0, G_OPTION_ARG_STRING, &raw->permissions,
        "What whoever is trusted then may do (default call,file,folder); with "
        "introducer it vouches for others",
        "LIST" },
    { NULL },
  };

  g_option_context_add_main_entries (context, entries, NULL);
}

/* Of trust, which finds one device and asks it. */
static void
add_request_entries (GOptionContext *context, VmtOptions *o, Raw *raw)
{
  const GOptionEntry entries[] = {
    { "user", 'u', 0, G_OPTION_ARG_STRING, &o->user,
        "Name to be known by (default: this account's real name)", "NAME" },
    { "approve", 0, 0, G_OPTION_ARG_STRING, &raw->approve,
        "Who says that the digits are equal: ask (you), auto (nobody looks; "
        "for "
        "labs) (default ask)",
        "HOW" },
    { "permissions", 0, 0, G_OPTION_ARG_STRING, &raw->permissions,
        "What the other device may do (default call,file,folder); with "
        "introducer it vouches for others",
        "LIST" },
    { "methods", 0, 0, G_OPTION_ARG_STRING, &raw->methods,
        "Ways to find devices: mdns, udp, manual (default all)", "LIST" },
    { "peers", 0, 0, G_OPTION_ARG_STRING, &o->peers,
        "Addresses to ask as well, for the method manual", "HOST:PORT,..." },
    { "interfaces", 0, 0, G_OPTION_ARG_STRING, &o->interfaces,
        "Network interfaces to use (default all)", "NAME,..." },
    { NULL },
  };

  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_meeting_entries (GOptionContext *context, VmtOptions *o, VmtCommand command)
{
  const GOptionEntry host[] = {
    { "meeting", 'm', 0, G_OPTION_ARG_STRING, &o->meeting,
        "Name of the meeting (default: the user's name)", "NAME" },
    { "max-participants", 0, 0, G_OPTION_ARG_INT, &o->max_participants,
        "Seats, the host's included (default 10)", "NUMBER" },
    { "origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->origins,
        "Admit the pages of this site as well, as https://example.org; may be "
        "given several times",
        "URL" },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_cert,
        "Certificate (PEM) for the names by which browsers reach this device",
        "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_key,
        "Its private key (PEM), where that is in a file of its own", "FILE" },
    { NULL },
  };
  const GOptionEntry join[] = {
    { "meeting", 'm', 0, G_OPTION_ARG_STRING, &o->meeting,
        "Name of the meeting, instead of NAME", "NAME" },
    { "dialect", 0, 0, G_OPTION_ARG_STRING, &o->dialect,
        "What the server at URI speaks: native or room (default: room where "
        "URI is ws:// or wss://)",
        "DIALECT" },
    { NULL },
  };
  const GOptionEntry both[] = {
    { "pin", 0, 0, G_OPTION_ARG_STRING, &o->pin,
        "PIN of the meeting, at least 6 digits", "DIGITS" },
    { "source", 's', 0, G_OPTION_ARG_STRING, &o->source,
        "What to send: camera, screen, test, stamp, or a file or URI "
        "(default camera)",
        "SOURCE" },
    { "codec", 0, 0, G_OPTION_ARG_STRING, &o->codec,
        "Video codec to send: vp8 or h264 (default vp8)", "CODEC" },
    { "audio-only", 0, 0, G_OPTION_ARG_NONE, &o->audio_only,
        "Sound without picture", NULL },
    { "view", 0, 0, G_OPTION_ARG_NONE, &o->view,
        "Show the others in one window and play their sound", NULL },
    { "record", 0, 0, G_OPTION_ARG_FILENAME, &o->record,
        "Record every other participant into a file in DIR", "DIR" },
    { "stun", 0, 0, G_OPTION_ARG_STRING, &o->stun,
        "STUN server, stun://HOST:PORT; a host tells it to all who join",
        "URI" },
    { "turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->turn,
        "TURN server, turn://USER:PASSWORD@HOST:PORT; a host tells it to all "
        "who join; may be given several times",
        "URI" },
    { NULL },
  };

  g_option_context_add_main_entries (
      context, command == VMT_COMMAND_HOST ? host : join, NULL);
  g_option_context_add_main_entries (context, both, NULL);
}

static GOptionContext *
make_context (VmtOptions *options, Raw *raw, VmtCommand command)
{
  g_autofree gchar *summary = g_strdup_printf (
      "%s.\n\n%s", commands[command].summary, commands[command].text);
  GOptionContext *context = g_option_context_new (NULL);
  const GOptionEntry rest[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->rest, NULL,
        commands[command].parameters },
    { NULL },
  };
  const GOptionEntry insecure[] = {
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &options->insecure,
        "Ask over plain HTTP instead of TLS", NULL },
    { NULL },
  };

  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, VMT_EXIT_TEXT);
  if (command == VMT_COMMAND_HOST || command == VMT_COMMAND_JOIN) {
    add_meeting_entries (context, options, command);
    add_policy_entries (context, raw);
  }
  if (command == VMT_COMMAND_TRUST)
    add_request_entries (context, options, raw);
  if (is_live (command))
    add_device_entries (context, options, raw, command);
  else if (command == VMT_COMMAND_STATUS)
    g_option_context_add_main_entries (context, insecure, NULL);
  add_run_entries (context, options, command);
  g_option_context_add_main_entries (context, rest, NULL);
  return context;
}

static gboolean
take_rest (
    VmtOptions *options, VmtCommand command, gchar **rest, GError **error)
{
  guint given = rest ? g_strv_length (rest) : 0;
  gboolean wanted = commands[command].parameters != NULL;

  if (command == VMT_COMMAND_TRUST)
    return vmt_options_take_trust (options, rest, error);
  if (given > (wanted ? 1 : 0)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "There is no use for '%s'.", rest[wanted ? 1 : 0]);
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
        commands[command].missing);
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
      && !parse_announce (raw->announce, &options->announce, error))
    return FALSE;
  if (raw->methods
      && !vmt_methods_parse (raw->methods, &options->methods, error))
    return FALSE;
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
  context = make_context (options, &raw, command);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (!check_numbers (options, options->port != G_MININT,
          !isnan (options->duration), options->max_participants != G_MININT,
          error))
    return FALSE;
  if (options->port == G_MININT)
    options->port = 0;
  if (isnan (options->duration))
    options->duration = 0;
  if (options->max_participants == G_MININT)
    options->max_participants = 0;

  if (!take_choices (options, &raw, command, error))
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
  if (!check_name ("--user", options->user, error)
      || !check_name ("--device", options->device, error)
      || !check_name ("--device-name", options->device_name, error)
      || !check_name ("--meeting", options->meeting, error)
      || !check_pin (options->pin, error)
      || !check_codec (options->codec, error)
      || !check_dialect (options->dialect, error)
      || !check_origins (options->origins, error)
      || !check_servers (options, error))
    return FALSE;
  if (!options->source)
    options->source = g_strdup ("camera");
  return take_rest (options, command, raw.rest, error);
}
