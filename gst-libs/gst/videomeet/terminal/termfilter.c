/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termfilter.h"

#include <string.h>

#define ESC 0x1b
#define DEL 0x7f

typedef enum
{
  GROUND,
  ESCAPE, /* behind ESC */
  ESCAPE_MIDDLE, /* behind ESC and an intermediate byte */
  CSI,
  CSI_SKIP, /* to its end: it is not allowed, whatever that is */
  STRING, /* to its end */
  STRING_ESCAPE, /* behind an ESC in it */
} State;

struct _VmTermFilter
{
  VmTermFilterKind kind;
  State state;
  gchar held[VM_TERM_CSI_MAX]; /* of a sequence, behind its introducer */
  gsize n_held;
  gchar text[4]; /* of a character */
  gsize n_text;
  gsize skipped; /* bytes of a string */
  guint8 last; /* byte of it */
  gboolean bell_ends; /* it is an OSC */
  /* the last character, which REP repeats, and those that combine with it */
  gunichar last_text[1 + VM_TERM_COMBINING_MAX];
  guint combining; /* how many do; they count also where there is no last */
};

VmTermFilter *
vm_term_filter_new (VmTermFilterKind kind)
{
  VmTermFilter *self = g_new0 (VmTermFilter, 1);

  self->kind = kind;
  return self;
}

void
vm_term_filter_free (VmTermFilter *self)
{
  g_free (self);
}

void
vm_term_filter_reset (VmTermFilter *self)
{
  VmTermFilterKind kind = self->kind;

  *self = (VmTermFilter){ .kind = kind };
}

/* CSI: a leader, one of "<=>?", numbers, intermediates, a final byte */

/* The names of what passes: leader, intermediate and final byte, ' ' for
 * none. */
static const gchar shown[][4] = { "  @", "  A", "  B", "  C", "  D", "  E",
  "  F", "  G", "  H", "  I", "  J", "  K", "  L", "  M", "  P", "  S", "  T",
  "  X", "  Z", "  `", "  a", "  b", "  d", "  e", "  f", "  h", "  l", "  m",
  "  r", "  s", "  u", "? J", "? K", "? h", "? l", " !p", " _q" };
/* beside those, what libvterm answers */
static const gchar asked[][4] = { "  c", "  n", "> c", "> q", "? n", "?$p",
  " $p" };

static const guint16 dec_modes[] = { 1, 5, 6, 7, 12, 25, 47, 1000, 1002, 1003,
  1005, 1006, 1015, 1047, 1048, 1049, 2004 };
static const guint16 modes[] = { 4 };

typedef struct
{
  gchar name[4];
  const gchar *numbers; /* as they came */
  gsize n_numbers; /* bytes */
  guint args[VM_TERM_CSI_ARGS_MAX]; /* 0 where there is none */
  guint n_args;
} Csi;

static gboolean
is_listed (const gchar *name, const gchar (*list)[4], guint n)
{
  for (guint i = 0; i < n; i++)
    if (strcmp (name, list[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_mode (guint number, const guint16 *list, guint n)
{
  for (guint i = 0; i < n; i++)
    if (list[i] == number)
      return TRUE;
  return FALSE;
}

/* FALSE: too many, or too large. */
static gboolean
read_numbers (Csi *csi)
{
  guint number = 0;

  csi->n_args = 0;
  for (gsize i = 0; i <= csi->n_numbers; i++) {
    gchar c = i < csi->n_numbers ? csi->numbers[i] : ';';

    if (g_ascii_isdigit (c)) {
      number = number * 10 + (c - '0');
      if (number > VM_TERM_CSI_NUMBER_MAX)
        return FALSE;
      continue;
    }
    if ((c != ';' && c != ':') || csi->n_args == VM_TERM_CSI_ARGS_MAX)
      return FALSE;
    csi->args[csi->n_args++] = number;
    number = 0;
  }
  return TRUE;
}

/* FALSE: it has another form. */
static gboolean
read_csi (const gchar *held, gsize n, gchar final, Csi *csi)
{
  gsize at = 0, end = n;

  *csi = (Csi){ .name = "   " };
  if (at < n && strchr ("<=>?", held[at]))
    csi->name[0] = held[at++];
  if (end > at && held[end - 1] >= 0x20 && held[end - 1] <= 0x2f)
    csi->name[1] = held[--end] == ' ' ? '_' : held[end];
  csi->name[2] = final;
  csi->numbers = held + at;
  csi->n_numbers = end - at;
  return read_numbers (csi);
}

/* Modes one by one: those that are not allowed are left out. */
static void
pass_modes (const Csi *csi, GString *out)
{
  gboolean dec = csi->name[0] == '?';
  const guint16 *list = dec ? dec_modes : modes;
  guint n = dec ? G_N_ELEMENTS (dec_modes) : G_N_ELEMENTS (modes);

  for (guint i = 0; i < csi->n_args; i++)
    if (is_mode (csi->args[i], list, n))
      g_string_append_printf (
          out, "\033[%s%u%c", dec ? "?" : "", csi->args[i], csi->name[2]);
}

/* Of those whose name passes: a terminal has more than one meaning for
 * some. */
static gboolean
is_harmless (const Csi *csi)
{
  switch (csi->name[2]) {
    case 'J': /* 3: the scrollback of whoever watches */
      return csi->args[0] <= 2;
    case 'T': /* with five: highlight tracking of the mouse */
      return csi->n_args == 1;
    case 's': /* with two: margins */
      return csi->n_numbers == 0;
    case 'q':
      return csi->name[0] == '>' || csi->args[0] <= 6;
    default:
      return TRUE;
  }
}

static void
repeat (VmTermFilter *self, guint times, GString *out)
{
  if (!self->last_text[0])
    return;
  for (guint i = 0; i < CLAMP (times, 1, VM_TERM_REPEAT_MAX); i++)
    for (guint j = 0; j <= self->combining; j++)
      g_string_append_unichar (out, self->last_text[j]);
}

static void
end_csi (VmTermFilter *self, gchar final, GString *out)
{
  Csi csi;

  if (!read_csi (self->held, self->n_held, final, &csi))
    return;
  if (!is_listed (csi.name, shown, G_N_ELEMENTS (shown))
      && (self->kind != VM_TERM_FILTER_COMMAND
          || !is_listed (csi.name, asked, G_N_ELEMENTS (asked))))
    return;
  if (final == 'h' || final == 'l') {
    pass_modes (&csi, out);
  } else if (final == 'b') {
    repeat (self, csi.args[0], out);
  } else if (is_harmless (&csi)) {
    g_string_append_len (out, "\033[", 2);
    g_string_append_len (out, self->held, self->n_held);
    g_string_append_c (out, final);
  }
}

/* ESC: intermediates and a final byte */

static void
end_escape (VmTermFilter *self, gchar final, GString *out)
{
  gboolean passes;

  if (self->n_held == 0)
    passes = strchr ("78DEMc=>", final) != NULL;
  else
    passes = self->n_held == 1 && strchr ("()*+", self->held[0])
             && strchr ("0AB", final);
  if (!passes)
    return;
  g_string_append_c (out, ESC);
  g_string_append_len (out, self->held, self->n_held);
  g_string_append_c (out, final);
}

static void
begin (VmTermFilter *self, State state)
{
  self->state = state;
  self->n_held = self->skipped = 0;
  self->last = 0;
}

static void
begin_string (VmTermFilter *self, gboolean osc)
{
  begin (self, STRING);
  self->bell_ends = osc;
}

/* Of a C1 control, or the byte behind ESC that stands for it. FALSE: none that
 * introduces anything. */
static gboolean
introduce (VmTermFilter *self, guint8 c1)
{
  switch (c1) {
    case 0x90: /* DCS */
    case 0x98: /* SOS */
    case 0x9d: /* OSC */
    case 0x9e: /* PM */
    case 0x9f: /* APC */
      begin_string (self, c1 == 0x9d);
      return TRUE;
    case 0x9b:
      begin (self, CSI);
      return TRUE;
    default:
      return FALSE;
  }
}

static void
take_escape (VmTermFilter *self, guint8 c, GString *out)
{
  gboolean middle = c >= 0x20 && c <= 0x2f;

  if (self->state == ESCAPE && c >= 0x40 && c <= 0x5f
      && introduce (self, c + 0x40))
    return;
  if (middle && self->n_held < sizeof self->held)
    self->held[self->n_held++] = c;
  if (middle) {
    self->state = ESCAPE_MIDDLE;
    return;
  }
  self->state = GROUND;
  end_escape (self, c, out);
}

static void
take_csi (VmTermFilter *self, guint8 c, GString *out)
{
  gboolean number = c >= 0x30 && c <= 0x3f;
  gboolean late = self->n_held && self->held[self->n_held - 1] <= 0x2f;

  if (c >= 0x40) {
    if (self->state == CSI)
      end_csi (self, c, out);
    self->state = GROUND;
  } else if (self->n_held == sizeof self->held || (number && late)) {
    self->state = CSI_SKIP;
  } else {
    self->held[self->n_held++] = c;
  }
}

/* Text */

/* U+06DE: libvterm does. */
gboolean
vm_term_combines (gunichar c)
{
  GUnicodeType type;

  if (c < 0x300)
    return FALSE;
  type = g_unichar_type (c);
  return c == 0x6de || g_unichar_iszerowidth (c)
         || type == G_UNICODE_NON_SPACING_MARK
         || type == G_UNICODE_ENCLOSING_MARK || type == G_UNICODE_SPACING_MARK
         || type == G_UNICODE_FORMAT;
}

/* libvterm gives two columns to these, which have none, and to a cell of a
 * narrow terminal that is more than it has memory for. */
static gboolean
is_too_wide (gunichar c)
{
  return (c >= 0x302a && c <= 0x302f) || c == 0x3099 || c == 0x309a;
}

static void
begin_text (VmTermFilter *self, gunichar c)
{
  self->last_text[0] = c;
  self->combining = 0;
}

static void
pass_character (VmTermFilter *self, gunichar c, GString *out)
{
  if (c >= 0x80 && c <= 0x9f) {
    introduce (self, c);
    return;
  }
  if (!vm_term_combines (c)) {
    begin_text (self, c);
  } else {
    if (is_too_wide (c) || self->combining == VM_TERM_COMBINING_MAX)
      return;
    self->last_text[++self->combining] = c;
  }
  g_string_append_unichar (out, c);
}

static void
spoil (VmTermFilter *self, GString *out)
{
  self->n_text = 0;
  begin_text (self, 0xfffd);
  g_string_append_unichar (out, 0xfffd);
}

/* FALSE: @c is not part of the character that was begun; it comes again. */
static gboolean
take_text (VmTermFilter *self, guint8 c, GString *out)
{
  gunichar character;

  if (self->n_text == 0 && (c < 0xc2 || c > 0xf4)) {
    spoil (self, out);
    return TRUE;
  }
  self->text[self->n_text++] = c;
  character = g_utf8_get_char_validated (self->text, self->n_text);
  if (character == (gunichar) -2 && self->n_text < sizeof self->text)
    return TRUE;
  if (character == (gunichar) -1 || character == (gunichar) -2) {
    spoil (self, out);
    return FALSE;
  }
  self->n_text = 0;
  pass_character (self, character, out);
  return TRUE;
}

static void
take_control (VmTermFilter *self, guint8 c, GString *out)
{
  if (c == ESC)
    begin (self, ESCAPE);
  else if (c == 0x18 || c == 0x1a)
    self->state = GROUND;
  else if (c >= 0x07 && c <= 0x0f)
    g_string_append_c (out, c);
}

static void
take_string (VmTermFilter *self, guint8 c)
{
  if (self->state == STRING_ESCAPE && c == '\\')
    self->state = GROUND;
  else if ((c == 0x07 && self->bell_ends) || c == 0x18 || c == 0x1a
           || (c == 0x9c && self->last == 0xc2)
           || ++self->skipped > VM_TERM_STRING_MAX)
    self->state = GROUND;
  else
    self->state = c == ESC ? STRING_ESCAPE : STRING;
  self->last = c;
}

/* FALSE: it comes again. */
static gboolean
take (VmTermFilter *self, guint8 c, GString *out)
{
  if (self->state == STRING_ESCAPE && c != '\\' && c != ESC) {
    /* it was no end but the beginning of another sequence */
    begin (self, ESCAPE);
    return FALSE;
  }
  if (self->state == STRING || self->state == STRING_ESCAPE) {
    take_string (self, c);
    return TRUE;
  }
  if (self->n_text && (c & 0xc0) != 0x80) {
    spoil (self, out);
    return FALSE;
  }
  if (c < 0x20) {
    take_control (self, c, out);
    return TRUE;
  }
  if (c == DEL)
    return TRUE;
  if (c >= 0x80 || self->state == GROUND) {
    self->state = GROUND;
    if (c >= 0x80)
      return take_text (self, c, out);
    begin_text (self, c);
    g_string_append_c (out, c);
  } else if (self->state == ESCAPE || self->state == ESCAPE_MIDDLE) {
    take_escape (self, c, out);
  } else {
    take_csi (self, c, out);
  }
  return TRUE;
}

/* Bytes at the front that pass as they are. */
static gsize
plain (const guint8 *data, gsize size)
{
  gsize n = 0;

  while (n < size && data[n] >= 0x20 && data[n] < DEL)
    n++;
  return n;
}

void
vm_term_filter_feed (
    VmTermFilter *self, const guint8 *data, gsize size, GString *out)
{
  for (gsize at = 0; at < size;) {
    if (self->state == GROUND && self->n_text == 0) {
      gsize n = plain (data + at, size - at);

      if (n)
        begin_text (self, data[at + n - 1]);
      g_string_append_len (out, (const gchar *) data + at, n);
      at += n;
      if (at == size)
        return;
    }
    if (take (self, data[at], out))
      at++;
  }
}

gsize
vm_term_cut (const gchar *data, gsize size, gsize max)
{
  gsize n = MIN (size, max);

  if (n == size)
    return n;
  while (n > 0 && ((guint8) data[n] & 0xc0) == 0x80)
    n--;
  return n;
}
