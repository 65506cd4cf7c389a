/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/filename.h"

#include "base/text.h"

#include <string.h>

/* Bytes of the longest ending that stays whole when a name is numbered. */
#define ENDING_MAX 32

/* Naming Files, Paths, and Namespaces (Microsoft); of COM and LPT also with
 * the digits 1 to 3 in superscript. */
static const gchar *const devices[] = { "con", "prn", "aux", "nul", "clock$",
  "conin$", "conout$" };
static const gchar *const numbered_devices[] = { "com", "lpt" };
static const gchar *const device_numbers[] = { "0", "1", "2", "3", "4", "5",
  "6", "7", "8", "9", "¹", "²", "³" };

static gboolean
is_device_number (const gchar *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (device_numbers); i++) {
    if (strcmp (text, device_numbers[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

/* With any ending, and with spaces before it, it is the device all the same. */
static gboolean
is_device (const gchar *name)
{
  g_autofree gchar *stem = g_strndup (name, strcspn (name, ".:"));
  g_autofree gchar *low = g_ascii_strdown (g_strchomp (stem), -1);

  for (guint i = 0; i < G_N_ELEMENTS (devices); i++) {
    if (strcmp (low, devices[i]) == 0)
      return TRUE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (numbered_devices); i++) {
    if (g_str_has_prefix (low, numbered_devices[i])
        && is_device_number (low + strlen (numbered_devices[i])))
      return TRUE;
  }
  return FALSE;
}

/* Unicode's Bidi_Control (UAX #9). */
static gboolean
is_bidi_control (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f
         || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean
is_control (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR
         || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Why @name is none; NULL: it is one. */
static const gchar *
fault_of (const gchar *name)
{
  gunichar last = 0;

  if (!*name)
    return "it is empty";
  if (strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    return "it is a folder";
  if (g_ascii_strncasecmp (
          name, VM_FILENAME_OWN_PREFIX, strlen (VM_FILENAME_OWN_PREFIX))
      == 0)
    return "unfinished files are called so";
  for (const gchar *p = name; *p; p = g_utf8_next_char (p)) {
    last = g_utf8_get_char (p);
    if (last == '/' || last == '\\')
      return "it has a separator";
    if (is_control (last))
      return "it has a control character";
    if (is_bidi_control (last))
      return "it changes the direction of writing";
    if (last == 0xfeff)
      return "it has a byte order mark";
  }
  if (last == '.' || g_unichar_isspace (last))
    return "it ends in a dot or a space";
  return is_device (name) ? "it is a device on Windows" : NULL;
}

static gchar *
refuse (GError **error, VmError code, const gchar *why)
{
  /* not the name itself: it may be made to deceive who reads this */
  g_set_error (error, VM_ERROR, code, "A file cannot be called so: %s", why);
  return NULL;
}

gchar *
vm_filename_check (const gchar *name, gssize size, GError **error)
{
  gsize length = size < 0 ? strlen (name) : (gsize) size;
  g_autofree gchar *composed = NULL;
  const gchar *fault;

  if (length > VM_FILENAME_INPUT_MAX)
    return refuse (error, VM_ERROR_TOO_LARGE, "it is too long");
  if (memchr (name, '\0', length))
    return refuse (error, VM_ERROR_BAD_MESSAGE, "it has a NUL");
  if (!g_utf8_validate (name, length, NULL))
    return refuse (error, VM_ERROR_BAD_MESSAGE, "it is not UTF-8");
  composed = g_utf8_normalize (name, length, G_NORMALIZE_NFC);
  fault = fault_of (composed);
  if (fault)
    return refuse (error, VM_ERROR_BAD_MESSAGE, fault);
  if (strlen (composed) > VM_FILENAME_MAX)
    return refuse (error, VM_ERROR_TOO_LARGE, "it is too long");
  return g_steal_pointer (&composed);
}

/* Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt), and
 * U+2800, which is an empty pattern. */
static gboolean
is_ignorable (gunichar c)
{
  static const gunichar ranges[][2] = { { 0xad, 0xad }, { 0x34f, 0x34f },
    { 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
    { 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
    { 0x2060, 0x206f }, { 0x2800, 0x2800 }, { 0x3164, 0x3164 },
    { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
    { 0xfff0, 0xfff8 }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
    { 0xe0000, 0xe0fff } };

  for (guint i = 0; i < G_N_ELEMENTS (ranges) && c >= ranges[i][0]; i++) {
    if (c <= ranges[i][1])
      return TRUE;
  }
  return FALSE;
}

gchar *
vm_filename_make_safe (const gchar *name, GError **error)
{
  g_autofree gchar *checked = vm_filename_check (name, -1, error);
  g_autoptr (GString) safe = g_string_new (NULL);

  if (!checked)
    return NULL;
  for (const gchar *p = checked; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (!is_ignorable (c) || vm_text_needs_joiner (checked, p))
      g_string_append_unichar (safe,
          c < 0x80 && strchr (safe->len ? "<>:\"|?*" : "<>:\"|?*.-~", c) ? '_'
                                                                         : c);
  }
  /* what was hidden may be all that made it a name */
  return vm_filename_check (safe->str, safe->len, error);
}

/* Unicode §3.13, canonical caseless matching (D145), without what is not shown,
 * as the casefold of ext4 and f2fs compares names. */
gchar *
vm_filename_key (const gchar *name)
{
  g_autofree gchar *apart = NULL;
  g_autofree gchar *folded = NULL;
  g_autoptr (GString) shown = g_string_new (NULL);

  if (!g_utf8_validate (name, -1, NULL))
    return g_strdup (name);
  apart = g_utf8_normalize (name, -1, G_NORMALIZE_NFD);
  folded = g_utf8_casefold (apart, -1);
  for (const gchar *p = folded; *p; p = g_utf8_next_char (p)) {
    if (!is_ignorable (g_utf8_get_char (p)))
      g_string_append_unichar (shown, g_utf8_get_char (p));
  }
  return g_utf8_normalize (
      shown->len ? shown->str : folded, -1, G_NORMALIZE_NFD);
}

/* The ending with its dot; "" when there is none, or one so long that it is no
 * ending. */
static const gchar *
ending_of (const gchar *name)
{
  const gchar *dot = strrchr (name, '.');

  if (!dot || dot == name || strlen (dot) > ENDING_MAX)
    return name + strlen (name);
  return dot;
}

gchar *
vm_filename_number (const gchar *name, guint number)
{
  const gchar *ending = ending_of (name);
  g_autofree gchar *tail = g_strdup_printf (" (%u)%s", number, ending);
  gsize length = ending - name;

  if (length + strlen (tail) > VM_FILENAME_MAX) {
    length = VM_FILENAME_MAX - strlen (tail);
    while (((guchar) name[length] & 0xc0) == 0x80)
      length--;
  }
  return g_strdup_printf ("%.*s%s", (gint) length, name, tail);
}
