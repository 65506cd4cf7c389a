/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "typed/typed.h"

#include "options/spelling.h"

#include <gst/videomeet/videomeet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SCREEN_USAGE " [--region X,Y,WIDTH,HEIGHT] [--screen-sound]"
#define SOURCE_USAGE "/source [SOURCE]" SCREEN_USAGE
#define SHARE_USAGE "/share [SOURCE|off]" SCREEN_USAGE
#define REGION "--region"
#define SOUND "--screen-sound"

static const struct
{
  const gchar *name;
  VmtTypedVerb verb;
  gboolean wants; /* something after it */
  const gchar *usage;
} commands[] = {
  { "msg", VMT_TYPED_MSG, TRUE, "/msg WHO TEXT" },
  { "mute", VMT_TYPED_MUTE, FALSE, "/mute [WHO] [audio|video]" },
  { "unmute", VMT_TYPED_UNMUTE, FALSE, "/unmute [audio|video]" },
  { "talk", VMT_TYPED_TALK, FALSE, "/talk" },
  { "camera", VMT_TYPED_CAMERA, FALSE, "/camera [NAME]" },
  { "microphone", VMT_TYPED_MICROPHONE, FALSE, "/microphone [NAME]" },
  { "speaker", VMT_TYPED_SPEAKER, FALSE, "/speaker [NAME]" },
  { "source", VMT_TYPED_SOURCE, FALSE, SOURCE_USAGE },
  { "share", VMT_TYPED_SHARE, FALSE, SHARE_USAGE },
  { "hand", VMT_TYPED_HAND, FALSE, "/hand" },
  { "react", VMT_TYPED_REACT, TRUE, "/react SIGN" },
  { "status", VMT_TYPED_STATUS, FALSE, "/status [TEXT]" },
  { "who", VMT_TYPED_WHO, FALSE, "/who" },
  { "stats", VMT_TYPED_STATS, FALSE, "/stats" },
  { "kick", VMT_TYPED_KICK, TRUE, "/kick WHO" },
  { "unban", VMT_TYPED_UNBAN, TRUE, "/unban WHO" },
  { "lock", VMT_TYPED_LOCK, FALSE, "/lock" },
  { "unlock", VMT_TYPED_UNLOCK, FALSE, "/unlock" },
  { "invite", VMT_TYPED_INVITE, FALSE, "/invite [TIME]" },
  { "page", VMT_TYPED_PAGE, FALSE, "/page" },
  { "approve", VMT_TYPED_APPROVE, FALSE, "/approve" },
  { "deny", VMT_TYPED_DENY, FALSE, "/deny" },
  { "compare", VMT_TYPED_COMPARE, TRUE, "/compare WHO" },
  { "trust", VMT_TYPED_TRUST, FALSE, "/trust [WHO]" },
  { "forget", VMT_TYPED_FORGET, TRUE, "/forget DEVICE" },
  { "send", VMT_TYPED_SEND, TRUE, "/send FILE [WHO]" },
  { "files", VMT_TYPED_FILES, FALSE, "/files" },
  { "accept", VMT_TYPED_ACCEPT, FALSE, "/accept [N]" },
  { "decline", VMT_TYPED_DECLINE, FALSE, "/decline [N]" },
  { "cancel", VMT_TYPED_CANCEL, TRUE, "/cancel N" },
  { "pause", VMT_TYPED_PAUSE, TRUE, "/pause N" },
  { "resume", VMT_TYPED_RESUME, TRUE, "/resume N" },
  { "pin", VMT_TYPED_PIN, FALSE, "/pin [DIGITS]" },
  { "leave", VMT_TYPED_LEAVE, FALSE, "/leave" },
  { "end", VMT_TYPED_END, FALSE, "/end" },
  { "help", VMT_TYPED_HELP, FALSE, "/help" },
};

static const gchar *const help[] = {
  "A line is sent to everybody. A line that begins with a slash is a command:",
  "  /msg WHO TEXT  say something to one participant alone",
  "  /mute [audio|video]  send no sound (default), or no picture",
  "  /mute WHO [audio|video]  ask somebody to do so (host)",
  "  /unmute [audio|video]  send it again",
  "  /talk  send sound until you press Enter, and then none",
  "  /camera [NAME]  show the cameras, or use another one; 'none' sends black",
  "  /microphone [NAME]  show the microphones, or use another one; 'none' "
  "sends silence",
  "  /speaker [NAME]  show the speakers, or use another one; 'none' plays "
  "nothing",
  "  /source [SOURCE]  show what you send, or send camera, screen, test or a "
  "file instead",
  "  /share [SOURCE|off]  show the others the screen too, or a file; 'off' "
  "ends it; --region X,Y,WIDTH,HEIGHT shows a part of the screen, and "
  "--screen-sound lets them hear it",
  "  /hand  raise a hand, and take it down again",
  "  /react SIGN  show the others a sign for a moment, as 👍",
  "  /status [TEXT]  tell the others what you are doing",
  "  /who  show who is here",
  "  /stats  show how loud and how well everybody is heard",
  "  /kick WHO  remove somebody (host)",
  "  /unban WHO  let somebody come again who was removed (host)",
  "  /lock, /unlock  admit nobody else, and admit them again (host)",
  "  /invite [TIME]  show a link that lets one browser in, for an hour or for "
  "a TIME such as 90s, 10m or 2h (host)",
  "  /approve, /deny  answer a device that asks for trust; y and n do so too",
  "  /page  show a link by which a browser on this machine answers devices "
  "that ask for trust",
  "  /compare WHO  compare digits with somebody, to see whether anybody is "
  "between you",
  "  /trust [WHO]  show the id of this device; with WHO, accept the new key of "
  "a device that was refused",
  "  /forget DEVICE  let a device join again that has a new key",
  "  /send FILE [WHO]  send a file to one participant, or to everybody",
  "  /files  show the files that are on their way, and were",
  "  /accept [N], /decline [N]  take the file that is offered, or do not: the "
  "first, or file N; y and n do so where the question says so",
  "  /pause N, /resume N  let file N wait, and have it go on",
  "  /cancel N  stop file N; nothing of it is kept",
  "  /pin  be asked for a PIN, to find a meeting that only its PIN finds",
  "  /leave  leave; with two or more others one of them goes on as host",
  "  /end  end the meeting for everybody (host)",
  "  //TEXT  send a line that begins with a slash",
  "WHO is an id as in /who, or a name that means one participant alone. A WHO "
  "or FILE with blanks is in quotes: \"Bob Ray\". One with quotes is in quotes "
  "of the other kind.",
  NULL,
};

const gchar *const *
vmt_typed_help (void)
{
  return help;
}

const gchar *const *
vmt_typed_commands (void)
{
  static const gchar *names[G_N_ELEMENTS (commands) + 1];

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    names[i] = commands[i].name;
  return names;
}

VmtTypedParts
vmt_typed_get_parts (const gchar *command, guint nth)
{
  static const struct
  {
    const gchar *name;
    VmtTypedParts parts[2];
  } known[] = {
    { "msg", { VMT_TYPED_PART_WHO } },
    { "mute",
        { VMT_TYPED_PART_WHO | VMT_TYPED_PART_KIND, VMT_TYPED_PART_KIND } },
    { "unmute", { VMT_TYPED_PART_KIND } },
    { "kick", { VMT_TYPED_PART_WHO } },
    { "compare", { VMT_TYPED_PART_WHO } },
    { "unban", { VMT_TYPED_PART_REMOVED } },
    { "trust", { VMT_TYPED_PART_CHANGED } },
    { "send", { VMT_TYPED_PART_FILE, VMT_TYPED_PART_WHO } },
    { "source", { VMT_TYPED_PART_SOURCE | VMT_TYPED_PART_FILE,
                    VMT_TYPED_PART_SCREEN } },
    { "share", { VMT_TYPED_PART_SHARED | VMT_TYPED_PART_FILE,
                   VMT_TYPED_PART_SCREEN } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known) && nth; i++)
    if (nth <= G_N_ELEMENTS (known[i].parts)
        && g_ascii_strcasecmp (command, known[i].name) == 0)
      return known[i].parts[nth - 1];
  return VMT_TYPED_PART_NONE;
}

void
vmt_typed_clear (VmtTyped *typed)
{
  g_free (typed->who);
  g_free (typed->text);
  g_free (typed->region);
  *typed = (VmtTyped){ 0 };
}

static gboolean
refuse (GError **error, const gchar *format, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST, format, what);
  return FALSE;
}

/* Takes "audio" or "video" off the end of @rest. */
static void
take_kind (VmtTyped *typed, gchar *rest)
{
  static const gchar *const kinds[] = { "audio", "video" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    gsize size = strlen (rest), kind = strlen (kinds[i]);

    if (size < kind || strcmp (rest + size - kind, kinds[i]) != 0
        || (size > kind && !g_ascii_isspace (rest[size - kind - 1])))
      continue;
    typed->audio = i == 0;
    typed->video = i == 1;
    rest[size - kind] = '\0';
    g_strchomp (rest);
    return;
  }
  typed->audio = TRUE;
}

/* Takes WORD, or "WORD", off the beginning of @rest. Returns: what follows it,
 * or NULL: there is none, or its quotes are open. */
static const gchar *
take_word (const gchar *rest, gchar **word)
{
  gchar quote = *rest == '"' || *rest == '\'' ? *rest : '\0';
  const gchar *from = quote ? rest + 1 : rest;
  const gchar *end =
      quote ? strchr (from, quote) : from + strcspn (from, " \t");

  if (!end || end == from)
    return NULL;
  *word = g_strndup (from, end - from);
  return quote ? end + 1 : end;
}

/* WHO, which is all of @rest: in quotes, or, as it has nothing behind it,
 * without them. */
static gboolean
take_who (
    VmtTyped *typed, const gchar *rest, const gchar *usage, GError **error)
{
  const gchar *end = NULL;

  if (*rest != '"' && *rest != '\'') {
    typed->who = g_strdup (rest);
    return TRUE;
  }
  end = take_word (rest, &typed->who);
  if (end && !*end)
    return TRUE;
  return refuse (error,
      "It is %s, with a name that has blanks or quotes in quotes of the other "
      "kind.",
      usage);
}

/* WHO TEXT */
static gboolean
take_msg (VmtTyped *typed, const gchar *rest, GError **error)
{
  const gchar *text = take_word (rest, &typed->who);

  if (!text)
    return refuse (error, "It is %s.", "/msg WHO TEXT");
  typed->text = g_strstrip (g_strdup (text));
  return *typed->text || refuse (error, "It is %s.", "/msg WHO TEXT");
}

/* FILE, or FILE WHO */
static gboolean
take_send (VmtTyped *typed, const gchar *rest, GError **error)
{
  const gchar *end = take_word (rest, &typed->text);
  g_autofree gchar *who = end ? g_strstrip (g_strdup (end)) : NULL;

  if (!who)
    return refuse (error, "It is %s.", "/send FILE [WHO]");
  return !*who || take_who (typed, who, "/send FILE [WHO]", error);
}

/* Takes "--region X,Y,WIDTH,HEIGHT" off the end of @rest. */
static gboolean
take_region (VmtTyped *typed, gchar *rest, const gchar *usage, GError **error)
{
  gchar *at = g_strrstr (rest, REGION);
  const gchar *value;

  if (!at || (at > rest && at[-1] != ' ' && at[-1] != '\t'))
    return TRUE;
  value = at + strlen (REGION);
  value += strspn (value, "= \t");
  /* a file may be called so */
  if (strpbrk (value, " \t\"'"))
    return TRUE;
  if (!*value)
    return refuse (error, "It is %s.", usage);
  typed->region = g_strdup (value);
  *at = '\0';
  g_strchomp (rest);
  return TRUE;
}

/* Takes "--screen-sound" off the end of @rest. */
static void
take_sound (VmtTyped *typed, gchar *rest)
{
  gsize size = strlen (rest), word = strlen (SOUND);

  if (!g_str_has_suffix (rest, SOUND)
      || (size > word && !g_ascii_isspace (rest[size - word - 1])))
    return;
  typed->sound = TRUE;
  rest[size - word] = '\0';
  g_strchomp (rest);
}

/* SOURCE, as of --source: a file whose name has blanks in quotes or without. */
static gboolean
take_source (VmtTyped *typed, gchar *rest, const gchar *usage, GError **error)
{
  /* in any order */
  take_sound (typed, rest);
  if (!take_region (typed, rest, usage, error))
    return FALSE;
  take_sound (typed, rest);
  if (!take_who (typed, rest, usage, error))
    return FALSE;
  typed->text = g_steal_pointer (&typed->who);
  /* they are the screen's */
  if (!*typed->text && (typed->region || typed->sound)) {
    g_free (typed->text);
    typed->text = g_strdup ("screen");
  }
  return TRUE;
}

static gboolean
take_number (
    VmtTyped *typed, const gchar *rest, const gchar *usage, GError **error)
{
  guint64 number = 0;

  if (*rest
      && !g_ascii_string_to_unsigned (
          rest, 10, 1, VMT_TYPED_NUMBER_MAX, &number, NULL))
    return refuse (error, "It is %s, and N as in /files.", usage);
  typed->number = (guint) number;
  return TRUE;
}

/* "90s", "10m", "2h" */
static gboolean
take_time (VmtTyped *typed, const gchar *rest, GError **error)
{
  static const struct
  {
    const gchar *name;
    guint seconds;
  } units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 } };
  gchar *end;
  guint64 number = g_ascii_strtoull (rest, &end, 10);

  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    if (!g_ascii_isdigit (*rest) || !g_str_equal (end, units[i].name))
      continue;
    if (number < 1 || number > VMT_INVITATION_MAX / units[i].seconds)
      break;
    typed->seconds = number * units[i].seconds;
    return TRUE;
  }
  return refuse (error,
      "An invitation is good for 1s to 24h, not for %s: it is /invite 90s, "
      "10m or 2h.",
      rest);
}

static gboolean
take_rest (
    VmtTyped *typed, const gchar *given, const gchar *usage, GError **error)
{
  g_autofree gchar *rest = g_strdup (given);

  switch (typed->verb) {
    case VMT_TYPED_MSG:
      return take_msg (typed, rest, error);
    case VMT_TYPED_MUTE:
      take_kind (typed, rest);
      return !*rest || take_who (typed, rest, usage, error);
    case VMT_TYPED_UNMUTE:
      take_kind (typed, rest);
      return !*rest || refuse (error, "It is %s.", usage);
    case VMT_TYPED_CAMERA:
    case VMT_TYPED_MICROPHONE:
    case VMT_TYPED_SPEAKER:
    case VMT_TYPED_STATUS:
    case VMT_TYPED_REACT:
    case VMT_TYPED_PIN:
      typed->text = g_steal_pointer (&rest);
      return TRUE;
    case VMT_TYPED_SOURCE:
    case VMT_TYPED_SHARE:
      return take_source (typed, rest, usage, error);
    case VMT_TYPED_KICK:
    case VMT_TYPED_UNBAN:
    case VMT_TYPED_COMPARE:
      return take_who (typed, rest, usage, error);
    case VMT_TYPED_TRUST:
    case VMT_TYPED_FORGET:
      if (!take_who (typed, rest, usage, error))
        return FALSE;
      /* nobody who is here */
      typed->text = g_steal_pointer (&typed->who);
      return TRUE;
    case VMT_TYPED_INVITE:
      return !*rest || take_time (typed, rest, error);
    case VMT_TYPED_SEND:
      return take_send (typed, rest, error);
    case VMT_TYPED_ACCEPT:
    case VMT_TYPED_DECLINE:
    case VMT_TYPED_CANCEL:
    case VMT_TYPED_PAUSE:
    case VMT_TYPED_RESUME:
      return take_number (typed, rest, usage, error);
    default:
      return !*rest || refuse (error, "It is %s, and nothing else.", usage);
  }
}

/* Names the command that is called @word in other programs, or the nearest. */
static gboolean
refuse_unknown (const gchar *word, GError **error)
{
  static const struct
  {
    const gchar *word, *command;
  } others[] = { { "quit", "leave" }, { "exit", "leave" }, { "ban", "kick" },
    { "remove", "kick" }, { "users", "who" }, { "list", "who" } };
  static const gchar *const names[] = { "name", "nick", "rename", NULL };
  const gchar *nearest;

  for (guint i = 0; names[i]; i++)
    if (g_ascii_strcasecmp (word, names[i]) == 0)
      return refuse (error,
          "A name stays for as long as one is in the meeting: /%s, and come "
          "again with --user NAME.",
          "leave");
  nearest = vmt_spelling_nearest (word, vmt_typed_commands ());
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_ascii_strcasecmp (word, others[i].word) == 0)
      nearest = others[i].command;
  if (nearest) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "There is no command /%s. Did you mean /%s? /help shows all.", word,
        nearest);
    return FALSE;
  }
  return refuse (
      error, "There is no command /%s; /help shows those there are.", word);
}

gboolean
vmt_typed_parse (VmtTyped *typed, const gchar *line, GError **error)
{
  g_autofree gchar *word = NULL, *rest = NULL;
  gsize size;

  *typed = (VmtTyped){ VMT_TYPED_NOTHING };
  if (line[strspn (line, " \t\r")] == '\0')
    return TRUE;
  if (line[0] != '/' || line[1] == '/') {
    typed->verb = VMT_TYPED_CHAT;
    typed->text = g_strchomp (g_strdup (line[0] == '/' ? line + 1 : line));
    return TRUE;
  }
  size = strcspn (line + 1, " \t\r");
  word = g_strndup (line + 1, size);
  rest = g_strstrip (g_strdup (line + 1 + size));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (g_ascii_strcasecmp (word, commands[i].name) != 0)
      continue;
    typed->verb = commands[i].verb;
    if (commands[i].wants && !*rest)
      return refuse (error, "It is %s.", commands[i].usage);
    return take_rest (typed, rest, commands[i].usage, error);
  }
  return refuse_unknown (word, error);
}

/* Lines */

static void
finish_line (VmtLines *lines, VmtLineFunc func, gpointer user_data)
{
  g_autofree gchar *valid = NULL;

  if (!lines->skipping) {
    valid = g_utf8_make_valid (lines->line->str, lines->line->len);
    func (valid, user_data);
  }
  lines->skipping = FALSE;
  g_string_truncate (lines->line, 0);
}

void
vmt_lines_take (VmtLines *lines, const gchar *bytes, gsize size,
    VmtLineFunc func, gpointer user_data)
{
  if (!lines->line)
    lines->line = g_string_new (NULL);
  for (gsize i = 0; i < size; i++) {
    if (bytes[i] == '\n') {
      finish_line (lines, func, user_data);
    } else if (!lines->skipping && lines->line->len >= VMT_TYPED_LINE_MAX) {
      lines->skipping = TRUE;
      func (NULL, user_data);
    } else if (!lines->skipping && bytes[i] != '\0') {
      g_string_append_c (lines->line, bytes[i]);
    }
  }
}

void
vmt_lines_end (VmtLines *lines, VmtLineFunc func, gpointer user_data)
{
  if (!lines->line)
    return;
  if (lines->line->len)
    finish_line (lines, func, user_data);
  g_string_free (lines->line, TRUE);
  lines->line = NULL;
}

gboolean
vmt_lines_read (VmtLines *lines, gint fd, VmtLineFunc func, gpointer user_data)
{
  gchar bytes[4096];
  gssize size = read (fd, bytes, sizeof bytes);

  if (size < 0 && (errno == EINTR || errno == EAGAIN))
    return TRUE;
  if (size > 0) {
    vmt_lines_take (lines, bytes, size, func, user_data);
    return TRUE;
  }
  vmt_lines_end (lines, func, user_data);
  return FALSE;
}

/* Keys */

#define KEY_BACKSPACE '\b'
#define KEY_DELETE 0x7f
#define KEY_KILL 0x15 /* Ctrl-U */
#define KEY_WORD 0x17 /* Ctrl-W */
#define KEY_ESCAPE 0x1b

static void
drop_character (GString *line)
{
  while (line->len) {
    gchar last = line->str[line->len - 1];

    g_string_truncate (line, line->len - 1);
    if ((last & 0xc0) != 0x80)
      return;
  }
}

static void
drop_word (GString *line)
{
  while (line->len && g_ascii_isspace (line->str[line->len - 1]))
    g_string_truncate (line, line->len - 1);
  while (line->len && !g_ascii_isspace (line->str[line->len - 1]))
    drop_character (line);
}

/* An arrow is ESC [ A, or ESC O A: letters that nobody typed (ECMA-48 §5.4). */
static void
skip_escape (VmtKeys *keys, gchar key)
{
  if (keys->escape == 1 && (key == '[' || key == 'O'))
    keys->escape = 2;
  else if (keys->escape == 1 || (key >= 0x40 && key <= 0x7e))
    keys->escape = 0;
}

static void
take_key (VmtKeys *keys, gchar key, VmtLineFunc func, gpointer user_data)
{
  g_autofree gchar *line = NULL;

  switch (key) {
    case '\r':
    case '\n':
      if (!keys->too_long)
        line = g_utf8_make_valid (keys->line->str, keys->line->len);
      keys->too_long = FALSE;
      g_string_truncate (keys->line, 0);
      func (line, user_data);
      break;
    case KEY_BACKSPACE:
    case KEY_DELETE:
      drop_character (keys->line);
      break;
    case KEY_KILL:
      keys->too_long = FALSE;
      g_string_truncate (keys->line, 0);
      break;
    case KEY_WORD:
      drop_word (keys->line);
      break;
    case KEY_ESCAPE:
      keys->escape = 1;
      break;
    default:
      if ((guchar) key < ' ')
        break;
      if (keys->line->len < VMT_TYPED_LINE_MAX)
        g_string_append_c (keys->line, key);
      else
        keys->too_long = TRUE;
  }
}

void
vmt_keys_take (VmtKeys *keys, const gchar *bytes, gsize size, VmtLineFunc func,
    gpointer user_data)
{
  if (!keys->line)
    keys->line = g_string_new (NULL);
  for (gsize i = 0; i < size; i++) {
    if (keys->escape)
      skip_escape (keys, bytes[i]);
    else
      take_key (keys, bytes[i], func, user_data);
  }
}

void
vmt_keys_insert (VmtKeys *keys, const gchar *text)
{
  if (!keys->line)
    keys->line = g_string_new (NULL);
  g_string_append (keys->line, text);
}

void
vmt_keys_clear (VmtKeys *keys)
{
  if (keys->line)
    g_string_free (keys->line, TRUE);
  *keys = (VmtKeys){ NULL };
}

gboolean
vmt_pace_take (VmtPace *pace, gint64 now_us)
{
  const gint64 each = VMT_PACE_MS * (G_TIME_SPAN_SECOND / 1000);

  if (pace->full_us > now_us + (VMT_PACE_BURST - 1) * each)
    return FALSE;
  pace->full_us = MAX (pace->full_us, now_us) + each;
  return TRUE;
}

gboolean
vmt_typed_is_in_background (void)
{
  return isatty (STDIN_FILENO) && tcgetpgrp (STDIN_FILENO) != getpgrp ();
}
