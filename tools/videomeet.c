/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The launcher: reads which subcommand is meant and hands over to it. */

#include "cert/cert.h"
#include "cmd/commands.h"
#include "options/options-table.h"
#include "ui/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <gst/gst.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void
print_help (FILE *out)
{
  g_autofree gchar *text =
      vmt_help_format_program (vmt_terminal_get_columns (fileno (out)));

  fputs (text, out);
}

static gint
print_completion (const gchar *shell)
{
  g_autofree gchar *script = shell ? vmt_completion_format (shell) : NULL;

  if (!script) {
    fprintf (stderr,
        "videomeet: error: --print-completion takes bash, zsh or fish.\n");
    return VMT_EXIT_USAGE;
  }
  return fputs (script, stdout) >= 0 && fflush (stdout) == 0 ? VMT_EXIT_OK
                                                             : VMT_EXIT_FAILED;
}

static gint
refuse_command (const gchar *text)
{
  const gchar *meant = vmt_command_suggest (text);
  g_autofree gchar *safe = vmt_text_safe (text);

  if (*text == '-')
    fprintf (stderr,
        "videomeet: error: There is no option '%s' in front of a command; the "
        "options of a command stand behind it.",
        safe);
  else
    fprintf (stderr, "videomeet: error: There is no command '%s'.", safe);
  if (meant)
    fprintf (stderr, " Did you mean '%s'?", meant);
  fprintf (stderr, "\nTry 'videomeet --help'.\n");
  return VMT_EXIT_USAGE;
}

static gboolean
has_argument (gchar **argv, const gchar *wanted)
{
  for (; *argv && !g_str_equal (*argv, "--"); argv++)
    if (g_str_equal (*argv, wanted))
      return TRUE;
  return FALSE;
}

/* What makes no pipeline needs no plugins: to read what is known of them all is
 * a fifth of the time until a small file is sent. A terminal is shown in
 * browsers by one. */
static void
init_gst (VmtCommand command, const VmtOptions *options)
{
  if (command != VMT_COMMAND_HOST && command != VMT_COMMAND_JOIN
      && command != VMT_COMMAND_DOCTOR && command != VMT_COMMAND_DEVICES
      && !vmt_command_is_call (command) && !options->meeting && !options->argv)
    g_setenv ("GST_REGISTRY_DISABLE", "yes", FALSE);
  gst_init (NULL, NULL);
}

/* A reader that goes away has what it wants. */
static gint
check_written (VmtOutput *output, gint status)
{
  gint code = vmt_output_get_errno (output);
  g_autofree gchar *why = NULL;

  if (status != VMT_EXIT_OK || !code || code == EPIPE)
    return status;
  why = g_strdup_printf (
      "The standard output cannot be written: %s.", g_strerror (code));
  vmt_output_error (output, NULL, why);
  return VMT_EXIT_FAILED;
}

static gint
run_command (VmtCommand command, gint argc, gchar **argv, gint64 start_us)
{
  static gint (*const functions[VMT_N_COMMANDS]) (
      const VmtOptions *, VmtOutput *, gint64) = {
    [VMT_COMMAND_DISCOVER] = vmt_cmd_discover,
    [VMT_COMMAND_HOST] = vmt_cmd_host,
    [VMT_COMMAND_JOIN] = vmt_cmd_join,
    [VMT_COMMAND_CALL] = vmt_cmd_call,
    [VMT_COMMAND_ANSWER] = vmt_cmd_answer,
    [VMT_COMMAND_STATUS] = vmt_cmd_status,
    [VMT_COMMAND_KNOWN] = vmt_cmd_known,
    [VMT_COMMAND_FORGET] = vmt_cmd_forget,
    [VMT_COMMAND_TRUST] = vmt_cmd_trust,
    [VMT_COMMAND_SEND] = vmt_cmd_send,
    [VMT_COMMAND_RECEIVE] = vmt_cmd_receive,
    [VMT_COMMAND_AGENT] = vmt_cmd_agent,
    [VMT_COMMAND_SYNC] = vmt_cmd_sync,
    [VMT_COMMAND_TERM] = vmt_cmd_term,
    [VMT_COMMAND_SERVER] = vmt_cmd_server,
    [VMT_COMMAND_DOCTOR] = vmt_cmd_doctor,
    [VMT_COMMAND_CERT] = vmt_cmd_cert,
    [VMT_COMMAND_DEVICES] = vmt_cmd_devices,
  };
  g_auto (VmtOptions) options = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmtOutput) output = NULL;
  /* GOption takes from the list what it has understood */
  g_auto (GStrv) given = g_strdupv (argv);
  g_autofree gchar **copy = g_memdup2 (given, (argc + 1) * sizeof *given);
  gchar **rest = copy;
  gboolean json = has_argument (argv, "--json");
  g_autofree gchar *program =
      g_strdup_printf ("videomeet %s", vmt_command_to_string (command));

  g_set_prgname (program);
  output = vmt_output_new (stdout, stderr, json);
  vmt_secrets_hide (argv);
  if (!vmt_options_parse (&options, command, &argc, &rest, &error)) {
    vmt_output_error (output, NULL, error->message);
    fprintf (stderr, "Try 'videomeet %s --help'.\n",
        vmt_command_to_string (command));
    return VMT_EXIT_USAGE;
  }
  g_set_prgname ("videomeet");
  if (command == VMT_COMMAND_HOST || command == VMT_COMMAND_SERVER)
    vmt_cert_use (&options, output);
  init_gst (command, &options);
  return check_written (output, functions[command](&options, output, start_us));
}

/* What is closed is opened on nothing: else the first file or socket that is
 * opened would be read from as if it were typed. */
static void
open_standard (void)
{
  for (gint fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", O_RDWR) != fd)
      break;
  }
}

static gboolean
are_utf8 (gchar **argv)
{
  for (; *argv; argv++)
    if (!g_utf8_validate (*argv, -1, NULL))
      return FALSE;
  return TRUE;
}

/* GOption reads text by the locale. ASCII, which is that of LC_ALL=C, says
 * nothing of any other byte, and what is UTF-8 is hardly ever anything else. */
static void
set_locale (gchar **argv)
{
  const gchar *charset;

  setlocale (LC_ALL, "");
  if (!g_get_charset (&charset)
      && (g_str_equal (charset, "ANSI_X3.4-1968")
          || g_str_equal (charset, "US-ASCII") || are_utf8 (argv)))
    setlocale (LC_CTYPE, "C.UTF-8");
}

gint
main (gint argc, gchar **argv)
{
  gint64 start_us = g_get_monotonic_time ();
  VmtCommand command;
  const gchar *first;

  open_standard ();
  set_locale (argv);
  /* a reader that goes away is noticed by the write that fails */
  signal (SIGPIPE, SIG_IGN);
  first = argc > 1 ? argv[1] : NULL;
  if (!first) {
    print_help (stderr);
    return VMT_EXIT_USAGE;
  }
  if (g_str_equal (first, "--help") || g_str_equal (first, "-h")
      || (g_str_equal (first, "help") && argc == 2)) {
    print_help (stdout);
    return VMT_EXIT_OK;
  }
  if (g_str_equal (first, "--version")) {
    printf ("videomeet %s\n", PACKAGE_VERSION);
    return VMT_EXIT_OK;
  }
  if (g_str_equal (first, "--print-completion"))
    return print_completion (argv[2]);
  if (g_str_equal (first, "help")) {
    if (!vmt_command_from_string (argv[2], &command))
      return refuse_command (argv[2]);
    argv[1] = argv[2];
    argv[2] = (gchar *) "--help";
    argc = 3;
  } else if (!vmt_command_from_string (first, &command))
    return refuse_command (first);

  if (command == VMT_COMMAND_HOST || command == VMT_COMMAND_JOIN
      || vmt_command_is_call (command))
    vmt_memory_give_back (argv);
  else if (command == VMT_COMMAND_SEND || command == VMT_COMMAND_RECEIVE
           || command == VMT_COMMAND_AGENT || command == VMT_COMMAND_SYNC)
    vmt_memory_keep ();
  /* the command's name stands where GOption expects the program's */
  return run_command (command, argc - 1, argv + 1, start_us);
}
