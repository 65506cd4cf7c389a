/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-agent.h"
#include "options/options-config.h"
#include "options/options-priv.h"
#include "cmd/target.h"
#include "options/options-trust.h"

#include <string.h>

#define ALLOWED                                                               \
  (VM_PERMISSIONS_FILE | VM_PERMISSIONS_FOLDER | VM_PERMISSIONS_TERMINAL_VIEW \
      | VM_PERMISSIONS_TERMINAL_CONTROL)

static void
add_room (GArray *all, VmtOptions *o, VmtCommand command)
{
  const GOptionEntry entries[] = {
    { "server", 0, 0, G_OPTION_ARG_STRING, &o->server,
        command == VMT_COMMAND_SEND
            ? "Send to an agent in a room of this server, https://HOST:PORT"
            : "The server, https://HOST:PORT (http:// for tests)",
        "URL" },
    { "room", 0, 0, G_OPTION_ARG_STRING, &o->room,
        "Name of the room at the server", "NAME" },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &o->insecure,
        "Send the PIN to a server at http:// too, which anybody on the way can "
        "read; for tests",
        NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_device (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "user", 'u', 0, G_OPTION_ARG_STRING, &o->user,
        "Your name, as others see it (default: this account's real name)",
        "NAME" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &o->device,
        "Name of this device (default: the host name)", "NAME" },
    { "pin", 0, 0, G_OPTION_ARG_STRING, &o->pin,
        "PIN of the room. Other users of this machine can see the command "
        "line: prefer --pin-file",
        "DIGITS" },
    VMT_PIN_FILE_ENTRY (o),
    { "host-key", 0, 0, G_OPTION_ARG_STRING, &o->host_key,
        "Go to a server with a certificate of its own only if it has this "
        "device id, which the server shows when it starts; it is sent the PIN "
        "(default: remember the id of a new server, and send it no PIN)",
        "ID" },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

/* The address of a STUN server; send and sync have one too. */
static void
add_stun (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "stun-address", 0, 0, G_OPTION_ARG_STRING, &o->stun_address,
        "STUN server by its address (default: the one that the server names)",
        "ADDRESS:PORT" },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_folders (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "receive", 0, 0, G_OPTION_ARG_FILENAME, &o->files_dir,
        "Receive files and folders into DIR, which is made if it does not "
        "exist (default: receive none)",
        "DIR" },
    { "share", 0, 0, G_OPTION_ARG_FILENAME, &o->share_dir,
        "Let others sync the folders below DIR (default: share none)", "DIR" },
    { "term", 0, 0, G_OPTION_ARG_STRING, &o->term,
        "Run COMMAND in a terminal that others see, and those whom --allow "
        "lets control; it is run anew when it has ended",
        "COMMAND" },
    { "allow-delete", 0, 0, G_OPTION_ARG_NONE, &o->allow_delete,
        "Let a sync of others delete more than a quarter of a folder (default: "
        "refuse)",
        NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_allow (GArray *all, VmtOptions *o, VmtCommand command)
{
  const GOptionEntry entries[] = {
    { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->allow,
        command == VMT_COMMAND_TERM
            ? "What a device id, or the user of a trusted device, may do: "
              "'bob=terminal:view' or 'bob=terminal:control' (repeatable)"
            : "What a device id, or the user of a trusted device, may do "
              "without a question, for example 'ann=file,folder' or "
              "'ann=terminal:control' (repeatable)",
        "NAME=CAPS" },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_term (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "control", 0, 0, G_OPTION_ARG_NONE, &o->control,
        "With view, ask for control at once", NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static void
add_sync (GArray *all, VmtOptions *o)
{
  const GOptionEntry entries[] = {
    { "watch", 0, 0, G_OPTION_ARG_NONE, &o->watch,
        "Go on with every change on either side, until Ctrl-C", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &o->dry_run,
        "Show what would be done, and do nothing", NULL },
    { "delete", 0, 0, G_OPTION_ARG_NONE, &o->delete_many,
        "Delete even more than a quarter of a folder (default: refuse)", NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

void
vmt_options_add_agent (GArray *all, VmtOptions *options, VmtCommand command)
{
  add_room (all, options, command);
  if (command == VMT_COMMAND_AGENT)
    add_folders (all, options);
  if (command == VMT_COMMAND_TERM)
    add_term (all, options);
  if (command == VMT_COMMAND_AGENT || command == VMT_COMMAND_TERM)
    add_allow (all, options, command);
  if (command == VMT_COMMAND_SYNC)
    add_sync (all, options);
  /* send has these of its own */
  if (command != VMT_COMMAND_SEND)
    add_device (all, options);
  add_stun (all, options);
}

gboolean
vmt_allow_parse (
    const gchar *text, gchar **name, VmPermissions *permissions, GError **error)
{
  const gchar *equals = strrchr (text, '=');

  if (!equals || equals == text) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--allow takes a name and what it may do, as 'ann=file,folder', not "
        "'%s'.",
        text);
    return FALSE;
  }
  if (!vmt_permissions_parse (equals + 1, permissions, error))
    return FALSE;
  if (*permissions & ~ALLOWED) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--allow takes file, folder, terminal:view and terminal:control.");
    return FALSE;
  }
  if (name)
    *name = g_strndup (text, equals - text);
  return TRUE;
}

static gboolean
fail (GError **error, const gchar *what)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, what);
  return FALSE;
}

/* What goes to a server on this machine nobody on the way can read. */
static gboolean
is_loopback (const gchar *host)
{
  g_autoptr (GInetAddress) address =
      host ? g_inet_address_new_from_string (host) : NULL;

  return g_strcmp0 (host, "localhost") == 0
         || (address && g_inet_address_get_is_loopback (address));
}

static gboolean
check_server (VmtOptions *options, GError **error)
{
  g_autoptr (GUri) uri = NULL;

  if (!options->server || !options->room || !*options->room)
    return fail (error,
        "Say which server and which room: --server https://HOST:PORT --room "
        "NAME.");
  vmt_target_set_scheme (&options->server, FALSE);
  uri = g_uri_parse (options->server, G_URI_FLAGS_NONE, NULL);
  if (!uri
      || (strcmp (g_uri_get_scheme (uri), "http") != 0
          && strcmp (g_uri_get_scheme (uri), "https") != 0)
      || g_uri_get_query (uri) || g_uri_get_fragment (uri))
    return fail (
        error, "--server takes https://HOST:PORT or https://HOST/PATH.");
  if (options->pin && strcmp (g_uri_get_scheme (uri), "http") == 0
      && !is_loopback (g_uri_get_host (uri)) && !options->insecure)
    return fail (error,
        "The PIN would go to a server at http:// unencrypted: use https://, "
        "or, for a test, --insecure.");
  return vmt_check_name ("--room", options->room, error);
}

gboolean
vmt_options_check_agent (
    VmtOptions *options, VmtCommand command, GError **error)
{
  if (command == VMT_COMMAND_SEND && !options->server)
    return !(options->room || options->stun_address || options->insecure)
           || fail (error,
               options->insecure ? "--insecure is of use with --server alone."
               : options->room   ? "--room is of use with --server alone."
                                 : "--stun-address is of use with --server "
                                   "alone.");
  if (command != VMT_COMMAND_SEND && command != VMT_COMMAND_AGENT
      && command != VMT_COMMAND_SYNC && command != VMT_COMMAND_TERM)
    return TRUE;
  if (options->meeting)
    return fail (error, "Say either --meeting or --server, not both.");
  if (command == VMT_COMMAND_SEND && options->max_bitrate)
    return fail (error, "--max-bitrate is of no use with --server.");
  if (command == VMT_COMMAND_AGENT && !options->files_dir && !options->share_dir
      && !options->term)
    return fail (error,
        "Say what others may do: --receive DIR takes files, --share DIR lets "
        "folders be synced, --term COMMAND shows a terminal.");
  if (options->term
      && !g_shell_parse_argv (options->term, NULL, &options->argv, NULL))
    return fail (error, "--term takes a command, as 'bash' or 'top -d 5'.");
  for (guint i = 0; options->allow && options->allow[i]; i++) {
    VmPermissions permissions;

    if (!vmt_allow_parse (options->allow[i], NULL, &permissions, error))
      return FALSE;
  }
  /* these two say first what they are to do */
  return command == VMT_COMMAND_SYNC || command == VMT_COMMAND_TERM
         || check_server (options, error);
}

static gboolean
is_named (const gchar *text)
{
  return text && *text;
}

gboolean
vmt_options_take_term (VmtOptions *options, gchar **rest, GError **error)
{
  guint given = rest ? g_strv_length (rest) : 0;
  gboolean view = given && g_str_equal (rest[0], "view");
  gchar **command = given ? rest + 1 : NULL;

  if (!view && !(given && g_str_equal (rest[0], "share")))
    return fail (error,
        "Say what: 'videomeet term share [-- COMMAND]' or 'videomeet term view "
        "NAME'.");
  if (!view && options->control && !vmt_options_is_default (options, "control"))
    return fail (
        error, "--control is of use with 'videomeet term view' alone.");
  if (view) {
    if (given != 2 || !is_named (rest[1]))
      return fail (error,
          "Say whose terminal: 'videomeet term view NAME --server URL --room "
          "NAME'.");
    if (!g_utf8_validate (rest[1], -1, NULL))
      return fail (error, "The name is not UTF-8.");
    options->target = g_strdup (rest[1]);
    return check_server (options, error);
  }
  /* GOption leaves it where it stands */
  if (*command && g_str_equal (*command, "--"))
    command++;
  options->argv = g_strdupv (command);
  if (!*options->argv) {
    const gchar *shell = g_getenv ("SHELL");

    g_strfreev (options->argv);
    options->argv = g_new0 (gchar *, 2);
    options->argv[0] = g_strdup (is_named (shell) ? shell : "/bin/sh");
  }
  return check_server (options, error);
}

/* The other side checks it, too. */
static gboolean
check_folder (const gchar *folder, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (folder, "/", -1);

  if (*folder != '/' && !g_strv_contains ((const gchar *const *) parts, ".."))
    return TRUE;
  return fail (error,
      "FOLDER in NAME:FOLDER is below the folder that NAME shares: it does not "
      "begin with '/' and has no '..'.");
}

gboolean
vmt_options_take_sync (VmtOptions *options, gchar **rest, GError **error)
{
  guint given = rest ? g_strv_length (rest) : 0;
  const gchar *colon = given == 2 ? strchr (rest[1], ':') : NULL;

  if (given != 2 || !colon || colon == rest[1] || !*rest[0]) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "Say which folder and with which of whom: 'videomeet sync DIR "
        "NAME:FOLDER --server URL --room NAME'.");
    return FALSE;
  }
  if (!check_folder (colon + 1, error))
    return FALSE;
  options->files = g_new0 (gchar *, 2);
  options->files[0] = g_strdup (rest[0]);
  options->target = g_strndup (rest[1], colon - rest[1]);
  options->their_folder = g_strdup (colon + 1);
  return check_server (options, error);
}
