/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scripts by which shells complete what is typed. */

#include "options/options-table.h"

#include "options/options-priv.h"
#include "options/options-trust.h"
#include "ui/source.h"

#include <string.h>

/* What stands behind an option, or behind the command. */
typedef enum
{
  VALUE_NONE,
  VALUE_TEXT, /* that no shell knows */
  VALUE_WORDS,
  VALUE_WORDS_OR_FILE,
  VALUE_FILE,
  VALUE_FOLDER,
} Value;

static const struct
{
  const gchar *option;
  GType (*get_type) (void);
} types[] = {
  { "accept", vm_accept_get_type },
  { "announce", vm_announce_get_type },
  { "approve", vm_approve_get_type },
  { "cloud-trust", vm_cloud_trust_get_type },
  { "methods", vm_methods_get_type },
  { "overwrite", vm_overwrite_get_type },
  { "permissions", vm_permissions_get_type },
  { "policy", vm_policy_get_type },
};

static const struct
{
  const gchar *option;
  const gchar *const *words;
} lists[] = {
  { "audio-profile", vmt_audio_profile_words },
  { "codec", vmt_codec_words },
  { "dialect", vmt_dialect_words },
  { "fallback", vmt_path_words },
  { "ice-transport-policy", vmt_ice_policy_words },
  { "source", vmt_source_words },
};

/* The names of an enumeration, or of flags, with blanks between. */
static gchar *
words_of_type (GType type)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (type);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  if (G_IS_ENUM_CLASS (klass)) {
    for (guint i = 0; i < G_ENUM_CLASS (klass)->n_values; i++)
      g_ptr_array_add (
          words, (gpointer) G_ENUM_CLASS (klass)->values[i].value_nick);
  } else {
    for (guint i = 0; i < G_FLAGS_CLASS (klass)->n_values; i++)
      g_ptr_array_add (
          words, (gpointer) G_FLAGS_CLASS (klass)->values[i].value_nick);
  }
  g_ptr_array_add (words, NULL);
  return g_strjoinv (" ", (gchar **) words->pdata);
}

/* Whether @command refuses "never": it asks for what the option lets in. */
static gboolean
is_wanted (VmtCommand command, const gchar *option)
{
  return (command == VMT_COMMAND_ANSWER && g_str_equal (option, "accept"))
         || (command == VMT_COMMAND_TRUST && g_str_equal (option, "approve"));
}

/* Out of @words, where it is the last. */
static void
drop_word (gchar *words, const gchar *word)
{
  if (g_str_has_suffix (words, word))
    words[strlen (words) - strlen (word)] = '\0';
  g_strchomp (words);
}

/* @words: (out) (transfer full): of VALUE_WORDS and VALUE_WORDS_OR_FILE, else
 * NULL */
static Value
value_of (VmtCommand command, const GOptionEntry *entry, gchar **words)
{
  *words = NULL;
  if (entry->arg == G_OPTION_ARG_NONE || entry->arg == G_OPTION_ARG_CALLBACK)
    return VALUE_NONE;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (entry->long_name, types[i].option)) {
      *words = words_of_type (types[i].get_type ());
      if (is_wanted (command, entry->long_name))
        drop_word (*words, "never");
      return VALUE_WORDS;
    }
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (g_str_equal (entry->long_name, lists[i].option)) {
      *words = g_strjoinv (" ", (gchar **) lists[i].words);
      return lists[i].words == vmt_source_words ? VALUE_WORDS_OR_FILE
                                                : VALUE_WORDS;
    }
  if (g_strcmp0 (entry->arg_description, "DIR") == 0)
    return VALUE_FOLDER;
  return entry->arg == G_OPTION_ARG_FILENAME ? VALUE_FILE : VALUE_TEXT;
}

static Value
rest_of (VmtCommand command, gchar **words)
{
  const gchar *parameters = vmt_commands[command].parameters;

  *words = NULL;
  if (command == VMT_COMMAND_TRUST) {
    const gchar *names[VMT_TRUST_N_ACTIONS + 1] = { NULL };

    for (guint i = 0; i < VMT_TRUST_N_ACTIONS; i++)
      names[i] = vmt_trust_action_to_string (i);
    *words = g_strjoinv (" ", (gchar **) names);
    return VALUE_WORDS;
  }
  if (command == VMT_COMMAND_TERM) {
    *words = g_strdup ("share view");
    return VALUE_WORDS;
  }
  if (!parameters)
    return VALUE_NONE;
  if (g_str_has_prefix (parameters, "DIR"))
    return VALUE_FOLDER;
  return g_str_has_prefix (parameters, "FILE") ? VALUE_FILE : VALUE_TEXT;
}

/* The options of @command that a shell shows. */
static GArray *
list_shown (VmtCommand command)
{
  GArray *entries = vmt_options_list (command);

  for (guint i = entries->len; i-- > 0;) {
    const GOptionEntry *entry = &g_array_index (entries, GOptionEntry, i);

    if (!*entry->long_name || (entry->flags & G_OPTION_FLAG_HIDDEN))
      g_array_remove_index (entries, i);
  }
  return entries;
}

/* The beginning of a description, which is enough beside an option. */
static gchar *
brief_of (const gchar *description)
{
  static const gchar *const ends[] = { ": ", "; ", ". ", " (" };
  gsize size = strlen (description);

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    const gchar *end = g_strstr_len (description, size, ends[i]);

    if (end)
      size = end - description;
  }
  return g_strndup (description, size);
}

/* @text with a backslash before each of @special, as a quoted word. */
static gchar *
quote (const gchar *text, const gchar *special)
{
  g_autoptr (GString) escaped = g_string_new (NULL);

  for (; *text; text++) {
    if (strchr (special, *text))
      g_string_append_c (escaped, '\\');
    g_string_append_c (escaped, *text);
  }
  return g_shell_quote (escaped->str);
}

/* bash */

static void
add_bash_value (GString *out, Value value, const gchar *words)
{
  switch (value) {
    case VALUE_WORDS:
      g_string_append_printf (out, "words='%s'", words);
      break;
    case VALUE_WORDS_OR_FILE:
      g_string_append_printf (out, "kind='file' words='%s'", words);
      break;
    case VALUE_FILE:
      g_string_append (out, "kind='file'");
      break;
    case VALUE_FOLDER:
      g_string_append (out, "kind='folder'");
      break;
    case VALUE_NONE:
    case VALUE_TEXT:
      g_string_append (out, "kind='text'");
      break;
  }
}

static void
add_bash_command (GString *out, VmtCommand command)
{
  g_autoptr (GArray) entries = list_shown (command);
  g_autofree gchar *rest_words = NULL;
  Value rest = rest_of (command, &rest_words);
  g_autoptr (GString) options = g_string_new (NULL);

  g_string_append_printf (
      out, "  %s)\n    case $prev in\n", vmt_commands[command].name);
  for (guint i = 0; i < entries->len; i++) {
    const GOptionEntry *entry = &g_array_index (entries, GOptionEntry, i);
    g_autofree gchar *words = NULL;
    Value value = value_of (command, entry, &words);

    g_string_append_printf (options, "%s--%s", i ? " " : "", entry->long_name);
    if (value == VALUE_NONE)
      continue;
    g_string_append_printf (out, "    --%s", entry->long_name);
    if (entry->short_name)
      g_string_append_printf (out, " | -%c", entry->short_name);
    g_string_append (out, ") ");
    add_bash_value (out, value, words);
    g_string_append (out, " ;;\n");
  }
  g_string_append (out, "    *) ");
  add_bash_value (out, rest, rest_words);
  g_string_append_printf (
      out, "; options='%s' ;;\n    esac ;;\n", options->str);
}

static gchar *
format_bash (void)
{
  GString *out = g_string_new ("# bash completion for videomeet\n"
                               "_videomeet () {\n"
                               "  local cur=${COMP_WORDS[COMP_CWORD]}\n"
                               "  local prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                               "  local kind='' words='' options=''\n"
                               "  COMPREPLY=()\n"
                               "  if [ \"$cur\" = = ]; then cur=''\n"
                               "  elif [ \"$prev\" = = ]; then "
                               "prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
                               "  local commands='");

  for (guint i = 0; i < VMT_N_COMMANDS; i++)
    g_string_append_printf (out, "%s%s", i ? " " : "", vmt_commands[i].name);
  g_string_append (out, "'\n"
                        "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                        "    words=\"$commands help\" "
                        "options='--help --version'\n"
                        "  else case ${COMP_WORDS[1]} in\n"
                        "  help) words=$commands ;;\n");
  for (guint i = 0; i < VMT_N_COMMANDS; i++)
    add_bash_command (out, i);
  g_string_append (out,
      "  esac; fi\n"
      "  case $cur in -*) kind=text words=$options ;; esac\n"
      "  case $kind in\n"
      "  file) compopt -o filenames 2>/dev/null\n"
      "    mapfile -t COMPREPLY < <(compgen -f -W \"$words\" -- \"$cur\") ;;\n"
      "  folder) compopt -o filenames 2>/dev/null\n"
      "    mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
      "  *) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
      "  esac\n"
      "}\n"
      "complete -F _videomeet videomeet\n");
  return g_string_free (out, FALSE);
}

/* zsh */

static gchar *
zsh_action (Value value, const gchar *words)
{
  switch (value) {
    case VALUE_WORDS:
      return g_strdup_printf ("(%s)", words);
    case VALUE_WORDS_OR_FILE:
      return g_strdup_printf ("{compadd %s; _files}", words);
    case VALUE_FILE:
      return g_strdup ("_files");
    case VALUE_FOLDER:
      return g_strdup ("_files -/");
    case VALUE_NONE:
    case VALUE_TEXT:
      break;
  }
  return g_strdup (" ");
}

static void
add_zsh_entry (GString *out, VmtCommand command, const GOptionEntry *entry)
{
  g_autofree gchar *brief = brief_of (entry->description);
  g_autofree gchar *words = NULL;
  Value value = value_of (command, entry, &words);
  gboolean many = entry->arg == G_OPTION_ARG_STRING_ARRAY;
  g_autofree gchar *action = zsh_action (value, words);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree gchar *quoted = NULL;

  for (const gchar *c = brief; *c; c++) {
    if (strchr ("[]:\\", *c))
      g_string_append_c (text, '\\');
    g_string_append_c (text, *c);
  }
  g_string_prepend_c (text, '[');
  g_string_append_c (text, ']');
  if (value != VALUE_NONE) {
    g_autofree gchar *label = g_strdelimit (
        g_strdup (entry->arg_description ? entry->arg_description : "VALUE"),
        ":", ' ');

    g_string_append_printf (text, ":%s:%s", label, action);
  }
  quoted = g_shell_quote (text->str);
  g_string_append (out, " \\\n      ");
  if (entry->short_name)
    g_string_append_printf (out, "%s{-%c%s,--%s%s}%s", many ? "'*'" : "",
        entry->short_name, value ? "+" : "", entry->long_name, value ? "=" : "",
        quoted);
  else
    g_string_append_printf (out, "%s--%s%s%s", many ? "'*'" : "",
        entry->long_name, value ? "=" : "", quoted);
}

static gchar *
format_zsh (void)
{
  GString *out = g_string_new ("#compdef videomeet\n"
                               "local -a commands\n"
                               "commands=(\n");

  for (guint i = 0; i < VMT_N_COMMANDS; i++) {
    g_autofree gchar *summary = quote (vmt_commands[i].summary, ":");

    g_string_append_printf (out, "  %s:%s\n", vmt_commands[i].name, summary);
  }
  g_string_append (out, ")\n"
                        "if (( CURRENT == 2 )); then\n"
                        "  _describe command commands\n"
                        "  _arguments '--help[Show this help]' "
                        "'--version[Show the version]'\n"
                        "  return\n"
                        "fi\n"
                        "shift words\n"
                        "(( CURRENT-- ))\n"
                        "case $words[1] in\n"
                        "  help) _describe command commands ;;\n");
  for (guint i = 0; i < VMT_N_COMMANDS; i++) {
    g_autoptr (GArray) entries = list_shown (i);
    g_autofree gchar *words = NULL;
    Value rest = rest_of (i, &words);
    g_autofree gchar *action = zsh_action (rest, words);

    g_string_append_printf (out, "  %s)\n    _arguments", vmt_commands[i].name);
    for (guint e = 0; e < entries->len; e++)
      add_zsh_entry (out, i, &g_array_index (entries, GOptionEntry, e));
    if (rest != VALUE_NONE)
      g_string_append_printf (out, " \\\n      '*: :%s'", action);
    g_string_append (out, " ;;\n");
  }
  g_string_append (out, "esac\n");
  return g_string_free (out, FALSE);
}

/* fish */

static void
add_fish_value (GString *out, Value value, const gchar *words, gboolean option)
{
  switch (value) {
    case VALUE_WORDS:
      g_string_append_printf (out, "%s -a '%s'", option ? " -x" : "", words);
      break;
    case VALUE_WORDS_OR_FILE:
      g_string_append_printf (out, "%s -F -a '%s'", option ? " -r" : "", words);
      break;
    case VALUE_FILE:
      g_string_append (out, option ? " -r -F" : " -F");
      break;
    case VALUE_FOLDER:
      g_string_append_printf (
          out, "%s -a '(__fish_complete_directories)'", option ? " -x" : "");
      break;
    case VALUE_TEXT:
      g_string_append (out, option ? " -x" : "");
      break;
    case VALUE_NONE:
      break;
  }
}

static gchar *
format_fish (void)
{
  GString *out = g_string_new (
      "# fish completion for videomeet\n"
      "function __videomeet_in\n"
      "  set -l words (commandline -opc)\n"
      "  test (count $words) -gt 1; and test $words[2] = $argv[1]\n"
      "end\n"
      "complete -c videomeet -f\n"
      "complete -c videomeet -n __fish_use_subcommand -l help -s h -d 'Show "
      "this help'\n"
      "complete -c videomeet -n __fish_use_subcommand -l version -d 'Show the "
      "version'\n");

  for (guint i = 0; i < VMT_N_COMMANDS; i++) {
    const gchar *name = vmt_commands[i].name;
    g_autofree gchar *summary = quote (vmt_commands[i].summary, "\\");
    g_autoptr (GArray) entries = list_shown (i);
    g_autofree gchar *rest_words = NULL;
    Value rest = rest_of (i, &rest_words);

    g_string_append_printf (out,
        "complete -c videomeet -n __fish_use_subcommand -a %s -d %s\n"
        "complete -c videomeet -n '__videomeet_in help' -a %s -d %s\n",
        name, summary, name, summary);
    for (guint e = 0; e < entries->len; e++) {
      const GOptionEntry *entry = &g_array_index (entries, GOptionEntry, e);
      g_autofree gchar *brief = brief_of (entry->description);
      g_autofree gchar *words = NULL, *quoted = NULL;
      Value value = value_of (i, entry, &words);

      quoted = quote (brief, "\\");
      g_string_append_printf (out,
          "complete -c videomeet -n '__videomeet_in %s' -l %s", name,
          entry->long_name);
      if (entry->short_name)
        g_string_append_printf (out, " -s %c", entry->short_name);
      add_fish_value (out, value, words, TRUE);
      g_string_append_printf (out, " -d %s\n", quoted);
    }
    if (rest != VALUE_NONE && rest != VALUE_TEXT) {
      g_string_append_printf (
          out, "complete -c videomeet -n '__videomeet_in %s'", name);
      add_fish_value (out, rest, rest_words, FALSE);
      g_string_append_c (out, '\n');
    }
  }
  return g_string_free (out, FALSE);
}

gchar *
vmt_completion_format (const gchar *shell)
{
  if (g_str_equal (shell, "bash"))
    return format_bash ();
  if (g_str_equal (shell, "zsh"))
    return format_zsh ();
  return g_str_equal (shell, "fish") ? format_fish () : NULL;
}
