/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What --help says, for terminals of any width. */

#include "options/options-table.h"

#include "cmd/commands.h"
#include "options/options-priv.h"
#include "ui/output.h"

#include <string.h>

#define WIDE                                                       \
  60 /* columns from which descriptions have a column of their own \
      */
#define LEFT 28 /* in front of that column */
#define NARROW_LEFT 6

/* Where a group of options begins, of a command that has many. */
static const struct
{
  const gchar *option, *heading;
} groups[] = {
  { "source", "Sound and picture" },
  { "stun", "Ways to the others" },
  { "files", "Files" },
  { "policy", "Who is let in" },
  { "user", "This device and its network" },
  { "duration", "Other" },
};

/* Of "name  what it does": where the second part begins, or 0. */
static gint
second_column (const gchar *line)
{
  const gchar *gap = strstr (line, "  ");

  if (!gap || gap == line)
    return 0;
  return gap - line + strspn (gap, " ");
}

/* Lines of one paragraph are one text, as long as they are no table. */
static void
add_text (GString *out, const gchar *text, gint columns)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) paragraph = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++) {
    gboolean table = second_column (lines[i]) > 0;

    if (paragraph->len)
      g_string_append_c (paragraph, ' ');
    g_string_append (paragraph, lines[i]);
    if (lines[i + 1] && *lines[i + 1] && *lines[i] && !table
        && !second_column (lines[i + 1]))
      continue;
    vmt_text_wrap (out, paragraph->str, 0,
        table ? MIN (second_column (lines[i]), columns / 2) : 0, columns, TRUE);
    g_string_append_c (out, '\n');
    g_string_truncate (paragraph, 0);
  }
}

void
vmt_help_add_item (GString *out, const gchar *name, const gchar *description,
    gint left, gint columns)
{
  glong used = g_utf8_strlen (name, -1);

  if (columns < WIDE)
    left = NARROW_LEFT;
  g_string_append (out, name);
  if (columns < WIDE || used + 2 > left)
    g_string_append_printf (out, "\n%*s", left, "");
  else
    g_string_append_printf (out, "%*s", (gint) (left - used), "");
  vmt_text_wrap (out, description, left, left, columns, TRUE);
  g_string_append_c (out, '\n');
}

static void
add_entry (GString *out, const GOptionEntry *entry, gint columns)
{
  g_autoptr (GString) name = g_string_new ("  ");

  if (!*entry->long_name || (entry->flags & G_OPTION_FLAG_HIDDEN))
    return;
  if (entry->short_name)
    g_string_append_printf (name, "-%c, ", entry->short_name);
  g_string_append_printf (name, "--%s", entry->long_name);
  if (entry->arg_description)
    g_string_append_printf (name, "=%s", entry->arg_description);
  vmt_help_add_item (out, name->str, entry->description, LEFT, columns);
}

static void
add_heading (
    GString *out, VmtCommand command, const GOptionEntry *entry, gboolean first)
{
  if (first) {
    g_string_append (out, "\nOptions:\n");
    return;
  }
  if (command != VMT_COMMAND_HOST && command != VMT_COMMAND_JOIN)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    if (g_strcmp0 (entry->long_name, groups[i].option) == 0)
      g_string_append_printf (out, "\n%s:\n", groups[i].heading);
}

gchar *
vmt_help_format (VmtCommand command, const GArray *entries, gint columns)
{
  const VmtCommandText *text = &vmt_commands[command];
  g_autofree gchar *usage = g_strdup_printf ("  videomeet %s [OPTION…]%s%s",
      text->name, text->parameters ? " " : "",
      text->parameters ? text->parameters : "");
  GString *out = g_string_new ("Usage:\n");

  columns = MAX (columns, VMT_HELP_COLUMNS_MIN);
  vmt_text_wrap (out, usage, 0, 4, columns, TRUE);
  g_string_append (out, "\n\n");
  vmt_text_wrap (out, text->summary, 0, 0, columns, TRUE);
  g_string_append (out, ".\n\n");
  add_text (out, text->text, columns);
  for (guint i = 0; i < entries->len; i++) {
    const GOptionEntry *entry = &g_array_index (entries, GOptionEntry, i);

    add_heading (out, command, entry, i == 0);
    add_entry (out, entry, columns);
  }
  g_string_append_c (out, '\n');
  add_text (out, VMT_EXIT_TEXT, columns);
  return g_string_free (out, FALSE);
}

gchar *
vmt_help_format_program (gint columns)
{
  GString *out = g_string_new ("Usage:\n  videomeet COMMAND [OPTION…]\n\n");

  columns = MAX (columns, VMT_HELP_COLUMNS_MIN);
  add_text (
      out, "Video meetings on the local network, without a server.", columns);
  g_string_append (out, "\nCommands:\n");
  for (gint i = 0; i < VMT_N_COMMANDS; i++) {
    g_autofree gchar *name = g_strdup_printf ("  %s", vmt_commands[i].name);

    vmt_help_add_item (out, name, vmt_commands[i].summary, 13, columns);
  }
  g_string_append (out, "\nOptions:\n");
  vmt_help_add_item (out, "  -h, --help", "Show this help", 17, columns);
  vmt_help_add_item (out, "  --version", "Show the version", 17, columns);
  g_string_append_c (out, '\n');
  add_text (out,
      "'videomeet COMMAND --help' shows the options of a "
      "command.\n\n" VMT_EXIT_TEXT,
      columns);
  return g_string_free (out, FALSE);
}
