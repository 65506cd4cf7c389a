/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS 80 /* of a terminal that does not say */

struct _VmtOutput
{
  FILE *out, *err;
  gboolean json, terminal, cursor_moves, colour;
  gchar *ticker, *prompt; /* of the last line, or NULL */
  gsize cursor; /* bytes of the prompt before it */
  gboolean ticker_shown;
  gboolean impatient;
  GMutex lock; /* one line is written at a time; protects what follows */
  gint broken; /* errno of a write that has failed; 0: none has */
  guint lost; /* lines that nobody has taken, since the last that was */
};

VmtOutput *
vmt_output_new (FILE *out, FILE *err, gboolean json)
{
  VmtOutput *self = g_new0 (VmtOutput, 1);
  const gchar *no_colour = g_getenv ("NO_COLOR"); /* https://no-color.org */

  self->out = out;
  self->err = err;
  self->json = json;
  self->terminal = !json && isatty (fileno (out));
  self->cursor_moves =
      self->terminal && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
  self->colour = self->cursor_moves && !(no_colour && *no_colour);
  g_mutex_init (&self->lock);
  return self;
}

void
vmt_output_free (VmtOutput *self)
{
  vmt_output_ticker (self, NULL);
  g_free (self->prompt);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
vmt_output_set_impatient (VmtOutput *self)
{
  self->impatient = TRUE;
}

gboolean
vmt_output_moves_cursor (VmtOutput *self)
{
  return self->cursor_moves;
}

gboolean
vmt_output_is_terminal (VmtOutput *self)
{
  return self->terminal;
}

gboolean
vmt_output_has_colour (VmtOutput *self)
{
  return self->colour;
}

gboolean
vmt_output_is_broken (VmtOutput *self)
{
  return vmt_output_get_errno (self) != 0;
}

gint
vmt_output_get_errno (VmtOutput *self)
{
  gint broken;

  g_mutex_lock (&self->lock);
  broken = self->broken;
  g_mutex_unlock (&self->lock);
  return broken;
}

static gchar *escape_unsafe (const gchar *json);

/* Whether @file takes a line without making anybody wait: a pipe that is
 * writable takes PIPE_BUF bytes, which no line of an impatient program has. */
static gboolean
is_taken (const VmtOutput *self, FILE *file)
{
  struct pollfd fd = { .fd = fileno (file), .events = POLLOUT };

  return !self->impatient || fd.fd < 0
         || poll (&fd, 1, self->lost ? 0 : VMT_OUTPUT_PATIENCE) != 0;
}

/* Called with lock held. */
static void
tell_lost (VmtOutput *self)
{
  if (self->lost && self->json)
    fprintf (self->out, "{\"event\":\"lost\",\"lines\":%u}\n", self->lost);
  else if (self->lost)
    fprintf (self->out, "(%u lines were not read)\n", self->lost);
  self->lost = 0;
}

static void
write_out (VmtOutput *self, const gchar *text)
{
  g_mutex_lock (&self->lock);
  if (!is_taken (self, self->out)) {
    self->lost++;
  } else {
    tell_lost (self);
    errno = 0;
    if (fputs (text, self->out) < 0 || fflush (self->out) != 0)
      self->broken = errno ? errno : EIO;
  }
  g_mutex_unlock (&self->lock);
}

/* JSON-GLib writes 17 digits of each number with a fraction, so that 0.715 is
 * 0.71499999999999997: as few as say the same. */
static gchar *
shorten_numbers (const gchar *json)
{
  GString *out = g_string_new (NULL);
  gboolean quoted = FALSE;

  for (const gchar *p = json; *p;) {
    gsize size = quoted ? 0 : strspn (p, "+-.0123456789eE");
    gchar number[G_ASCII_DTOSTR_BUF_SIZE];

    if (size > 0 && (g_ascii_isdigit (*p) || *p == '-')) {
      gdouble value = g_ascii_strtod (p, NULL);

      g_ascii_formatd (number, sizeof number, "%.15g", value);
      if (memchr (p, '.', size) && g_ascii_strtod (number, NULL) == value)
        g_string_append (out, number);
      else
        g_string_append_len (out, p, size);
      p += size;
      continue;
    }
    if (quoted && *p == '\\' && p[1])
      g_string_append_c (out, *p++);
    else if (*p == '"')
      quoted = !quoted;
    g_string_append_c (out, *p++);
  }
  return g_string_free (out, FALSE);
}

void
vmt_output_event (VmtOutput *self, JsonObject *event)
{
  if (self->json) {
    g_autoptr (JsonNode) node =
        json_node_init_object (json_node_alloc (), event);
    g_autofree gchar *text = json_to_string (node, FALSE);
    g_autofree gchar *safe = escape_unsafe (text);
    g_autofree gchar *brief = shorten_numbers (safe);
    g_autofree gchar *line = g_strconcat (brief, "\n", NULL);

    write_out (self, line);
  }
  json_object_unref (event);
}

static const gchar *
style_start (VmtStyle style)
{
  switch (style) {
    case VMT_STYLE_STRONG:
      return "\033[1m";
    case VMT_STYLE_GOOD:
      return "\033[32m";
    case VMT_STYLE_BAD:
      return "\033[31m";
    case VMT_STYLE_FAINT:
      return "\033[2m";
    case VMT_STYLE_PLAIN:
      break;
  }
  return "";
}

static void
erase (VmtOutput *self)
{
  if (self->ticker_shown)
    write_out (self, "\r\033[K");
  self->ticker_shown = FALSE;
}

/* Columns of a terminal. */
static glong
width_of (gunichar character)
{
  return g_unichar_iszerowidth (character) ? 0
         : g_unichar_iswide (character)    ? 2
                                           : 1;
}

/* As much of the beginning of @text as has @columns; *@taken: how many it
 * has. */
static gchar *
start_of (const gchar *text, glong columns, glong *taken)
{
  const gchar *c;

  *taken = 0;
  for (c = text; *c; c = g_utf8_next_char (c)) {
    glong width = width_of (g_utf8_get_char (c));

    if (*taken + width > columns)
      break;
    *taken += width;
  }
  return g_strndup (text, c - text);
}

/* As much of its end. */
static const gchar *
end_of (const gchar *text, glong columns)
{
  const gchar *start = text + strlen (text);
  glong taken = 0;

  while (start > text) {
    const gchar *before = g_utf8_prev_char (start);

    taken += width_of (g_utf8_get_char (before));
    if (taken > columns)
      break;
    start = before;
  }
  return start;
}

gint
vmt_terminal_get_columns (gint fd)
{
  struct winsize size;

  return ioctl (fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                               : COLUMNS;
}

gint
vmt_output_get_columns (VmtOutput *self)
{
  return vmt_terminal_get_columns (fileno (self->out));
}

/* Appends as much of @word as fits, line after line. */
static void
add_long_word (
    GString *out, const gchar *word, glong *at, glong indent, glong columns)
{
  while (*word) {
    glong taken;
    g_autofree gchar *part = start_of (word, MAX (columns - *at, 1), &taken);

    if (!*part) {
      /* wider than a line has columns */
      g_free (part);
      part = g_strndup (word, g_utf8_next_char (word) - word);
    }
    g_string_append (out, part);
    *at += taken;
    word += strlen (part);
    if (*word) {
      g_string_append_printf (out, "\n%*s", (gint) indent, "");
      *at = indent;
    }
  }
}

static glong
width_of_text (const gchar *text)
{
  glong width = 0;

  for (; *text; text = g_utf8_next_char (text))
    width += width_of (g_utf8_get_char (text));
  return width;
}

void
vmt_text_wrap (GString *out, const gchar *text, glong at, glong indent,
    glong columns, gboolean split)
{
  gboolean empty = TRUE; /* the line */

  while (*text) {
    gsize blanks = strspn (text, " "), size = strcspn (text + blanks, " ");
    g_autofree gchar *word = g_strndup (text + blanks, size);
    glong width = width_of_text (word);

    if (!empty && at + (glong) blanks + width > columns
        && !(split && width > columns - indent)) {
      g_string_append_printf (out, "\n%*s", (gint) indent, "");
      at = indent;
    } else {
      g_string_append_len (out, text, blanks);
      at += blanks;
    }
    if (split && at + width > columns) {
      add_long_word (out, word, &at, indent, columns);
    } else {
      g_string_append (out, word);
      at += width;
    }
    empty = FALSE;
    text += blanks + size;
  }
}

/* In one line: a longer one could not be written over. What is typed has what
 * it needs, up to four fifths. */
static void
show (VmtOutput *self)
{
  const gchar *ticker = self->ticker ? self->ticker : "";
  const gchar *prompt = self->prompt ? self->prompt : "";
  glong columns = vmt_output_get_columns (self) - 1, taken = 0, behind = 0,
        room, rest = columns - 4 - width_of_text (prompt);
  g_autofree gchar *start =
      start_of (ticker, *prompt ? MAX (rest, columns / 5) : columns, &taken);
  g_autofree gchar *before = g_strndup (prompt, *prompt ? self->cursor : 0);
  g_autofree gchar *after = NULL, *line = NULL, *back = NULL;

  if (!self->cursor_moves || (!*ticker && !*prompt))
    return;
  room = MAX (columns - taken - 3, 1);
  /* a part of what is behind the cursor can be seen, if there is room */
  after = start_of (prompt + strlen (before),
      MAX (room - width_of_text (before), room / 4), &behind);
  if (behind)
    back = g_strdup_printf ("\033[%ldD", behind);
  line = g_strdup_printf ("\r\033[K%s%s%s%s%s", start, *prompt ? " > " : "",
      end_of (before, MAX (room - behind, 1)), after, back ? back : "");
  write_out (self, line);
  self->ticker_shown = TRUE;
}

void
vmt_output_said (
    VmtOutput *self, VmtStyle style, const gchar *who, const gchar *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = g_strv_length (lines);
  glong columns = self->terminal ? vmt_output_get_columns (self) : G_MAXLONG;

  for (guint i = 0; i < n && i < VMT_SAID_LINES_MAX; i++) {
    g_autofree gchar *safe = NULL, *line = NULL;
    GString *folded = g_string_new (NULL);

    g_strdelimit (lines[i], "\t", ' ');
    safe = vmt_text_safe (lines[i]);
    line = i ? g_strdup_printf ("%*s%s", VMT_MARGIN, "", safe)
             : g_strdup_printf ("%s: %s", who, safe);
    /* else it could end in a line that looks like another's */
    vmt_text_wrap (
        folded, line, 0, MIN (VMT_MARGIN, columns / 2), columns, TRUE);
    vmt_output_line (self, style, "%s", folded->str);
    g_string_free (folded, TRUE);
  }
  if (n > VMT_SAID_LINES_MAX)
    vmt_output_line (self, style, "%*s(%u more lines)", VMT_MARGIN, "",
        n - VMT_SAID_LINES_MAX);
}

/* Of a table, too: what goes on in another line stands behind a margin. A word
 * is left whole: a link is opened and copied so. */
static void
wrap_lines (gchar **text, glong columns)
{
  g_auto (GStrv) lines = g_strsplit (*text, "\n", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++) {
    if (i)
      g_string_append_c (out, '\n');
    /* a drawing */
    if (strchr (lines[i], '\033'))
      g_string_append (out, lines[i]);
    else
      vmt_text_wrap (
          out, lines[i], 0, MIN (VMT_MARGIN, columns / 2), columns, FALSE);
  }
  g_free (*text);
  *text = g_string_free (out, FALSE);
}

static void
write_err (VmtOutput *self, const gchar *kind, const gchar *text)
{
  gint fd = fileno (self->err);
  g_autofree gchar *line = g_strdup_printf ("videomeet: %s: %s", kind, text);

  if (isatty (fd))
    wrap_lines (&line, vmt_terminal_get_columns (fd));
  g_mutex_lock (&self->lock);
  if (is_taken (self, self->err)) {
    fprintf (self->err, "%s\n", line);
    fflush (self->err);
  }
  g_mutex_unlock (&self->lock);
}

void
vmt_output_line (VmtOutput *self, VmtStyle style, const gchar *format, ...)
{
  g_autofree gchar *text = NULL, *line = NULL;
  gboolean styled = self->colour && style != VMT_STYLE_PLAIN;
  va_list args;

  if (self->json)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (self->terminal)
    wrap_lines (&text, vmt_output_get_columns (self));
  erase (self);
  line = g_strconcat (styled ? style_start (style) : "", text,
      styled ? "\033[0m\n" : "\n", NULL);
  write_out (self, line);
  show (self);
}

static void
complain (VmtOutput *self, const gchar *kind, const gchar *code,
    const gchar *message, gboolean sentence)
{
  if (self->json) {
    JsonObject *event = vmt_event_new (kind);

    vmt_event_add_string (event, "code", code);
    vmt_event_add_string (event, "message", message);
    vmt_output_event (self, event);
  }
  if (sentence) {
    g_autofree gchar *safe = vmt_text_safe (message);

    erase (self);
    write_err (self, kind, safe);
    show (self);
  }
}

void
vmt_output_warning (VmtOutput *self, const gchar *code, const gchar *message)
{
  complain (self, "warning", code, message, !self->json);
}

void
vmt_output_error (VmtOutput *self, const gchar *code, const gchar *message)
{
  complain (self, "error", code, message, TRUE);
}

void
vmt_output_ticker (VmtOutput *self, const gchar *text)
{
  g_free (self->ticker);
  self->ticker = g_strdup (text);
  if (text) {
    show (self);
    return;
  }
  g_clear_pointer (&self->prompt, g_free);
  erase (self);
}

void
vmt_output_prompt (VmtOutput *self, const gchar *text)
{
  vmt_output_edit (self, text, strlen (text));
}

void
vmt_output_edit (VmtOutput *self, const gchar *text, gsize cursor)
{
  g_autofree gchar *before = g_strndup (text, cursor);
  g_autofree gchar *safe = vmt_text_safe (before);

  g_free (self->prompt);
  self->prompt = vmt_text_safe (text);
  self->cursor = strlen (safe);
  if (*text || self->ticker)
    show (self);
  else
    erase (self);
}

JsonObject *
vmt_event_new (const gchar *name)
{
  JsonObject *event = json_object_new ();

  json_object_set_string_member (event, "event", name);
  return event;
}

void
vmt_event_add_string (
    JsonObject *event, const gchar *member, const gchar *value)
{
  g_autofree gchar *valid = value ? g_utf8_make_valid (value, -1) : NULL;

  if (valid)
    json_object_set_string_member (event, member, valid);
}

void
vmt_event_add_members (JsonObject *event, JsonObject *other)
{
  JsonObjectIter iter;
  const gchar *member;
  JsonNode *value;

  json_object_iter_init_ordered (&iter, other);
  while (json_object_iter_next_ordered (&iter, &member, &value))
    if (!json_object_has_member (event, member))
      json_object_set_member (event, member, json_node_copy (value));
}

/* What moves the cursor, turns the direction of what follows (UAX #9), breaks a
 * line, or is not to be seen at all, by which one name passes for another. Not
 * among them: what joins letters and emoji (U+200C, U+200D). */
static gboolean
is_unsafe (gunichar c)
{
  static const struct
  {
    gunichar first, last;
  } hidden[] = { { 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c },
    { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
    { 0x200b, 0x200b }, { 0x200e, 0x200f }, { 0x2028, 0x202e },
    { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfeff, 0xfeff },
    { 0xffa0, 0xffa0 }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff } };

  if (g_unichar_iscntrl (c))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (hidden); i++)
    if (c >= hidden[i].first && c <= hidden[i].last)
      return TRUE;
  return FALSE;
}

gchar *
vmt_text_safe (const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text ? text : "", -1);
  GString *out = g_string_new (NULL);

  for (const gchar *c = valid; *c; c = g_utf8_next_char (c)) {
    gunichar character = g_utf8_get_char (c);

    g_string_append_unichar (out, is_unsafe (character) ? 0xfffd : character);
  }
  return g_string_free (out, FALSE);
}

gchar *
vmt_text_cut (const gchar *text, glong max)
{
  g_autofree gchar *start = NULL;

  if (g_utf8_strlen (text, -1) <= max)
    return g_strdup (text);
  start = g_utf8_substring (text, 0, max);
  return g_strconcat (start, "…", NULL);
}

/* Escapes of JSON mean the same characters to programs, and nothing to a
 * terminal; outside of its strings JSON has none of them. */
static gchar *
escape_unsafe (const gchar *json)
{
  GString *out = g_string_sized_new (strlen (json) + 1);

  for (const gchar *c = json; *c; c = g_utf8_next_char (c)) {
    gunichar character = g_utf8_get_char (c);

    if (!is_unsafe (character))
      g_string_append_unichar (out, character);
    else if (character < 0x10000)
      g_string_append_printf (out, "\\u%04x", character);
    else
      g_string_append_printf (out, "\\u%04x\\u%04x",
          0xd800 + ((character - 0x10000) >> 10),
          0xdc00 + ((character - 0x10000) & 0x3ff));
  }
  return g_string_free (out, FALSE);
}

gchar *
vmt_text_time (gint64 seconds)
{
  gint minutes = seconds / 60 % 60, rest = seconds % 60;

  if (seconds >= 3600)
    return g_strdup_printf (
        "%d:%02d:%02d", (gint) (seconds / 3600), minutes, rest);
  return g_strdup_printf ("%02d:%02d", minutes, rest);
}
