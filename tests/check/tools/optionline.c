/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tools/optionline.h"

#include <gst/check/gstcheck.h>
#include <string.h>

gchar *
options_parse (VmtOptions *options, const gchar *line)
{
  g_auto (GStrv) argv = NULL;
  g_autofree gchar **view = NULL;
  g_autoptr (GError) error = NULL;
  gchar **rest;
  gint argc;
  VmtCommand command;

  fail_unless (g_shell_parse_argv (line, &argc, &argv, NULL));
  fail_unless (vmt_command_from_string (argv[0], &command));
  view = g_memdup2 (argv, (argc + 1) * sizeof (gchar *));
  rest = view;
  if (vmt_options_parse (options, command, &argc, &rest, &error))
    return NULL;
  fail_unless (error != NULL && *error->message);
  return g_strdup (error->message);
}

void
options_taken (const gchar *line)
{
  g_auto (VmtOptions) options = { 0 };
  g_autofree gchar *message = options_parse (&options, line);

  fail_unless (message == NULL, "%s: %s", line, message);
}

void
options_refused (const gchar *line, const gchar *fragment)
{
  g_auto (VmtOptions) options = { 0 };
  g_autofree gchar *message = options_parse (&options, line);

  fail_unless (message != NULL, "%s was taken", line);
  fail_unless (strstr (message, fragment) != NULL, "%s: %s", line, message);
}
