/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/janusmark.h"
#include "base/text.h"
#include "wire/signal.h"

#include <string.h>

#define OPEN "\xe2\x9f\xa8" /* U+27E8 */
#define CLOSE "\xe2\x9f\xa9" /* U+27E9 */

gchar *
vm_janus_mark_add (
    const gchar *name, const gchar *meeting_id, const gchar *participant_id)
{
  g_autofree gchar *mark =
      g_strdup_printf (OPEN "%s:%s" CLOSE, meeting_id, participant_id);
  gsize size = strlen (mark) + 1;
  g_autofree gchar *cut = size < VM_SIGNAL_NAME_MAX ? vm_text_to_label (
                              name, VM_SIGNAL_NAME_MAX - size)
                                                    : g_strdup ("");

  return g_strconcat (cut, *cut ? " " : "", mark, NULL);
}

/* Ids are uuids and counters; a name may hold the brackets for fun. */
static gboolean
is_mark (const gchar *text, gsize size)
{
  const gchar *colon = memchr (text, ':', size);

  if (size > VM_SIGNAL_ID_MAX || !colon || colon == text
      || colon == text + size - 1)
    return FALSE;
  for (gsize i = 0; i < size; i++) {
    if (!g_ascii_isalnum (text[i]) && text[i] != '-' && text + i != colon)
      return FALSE;
  }
  return TRUE;
}

gchar *
vm_janus_mark_split (const gchar *display, gchar **mark)
{
  const gchar *open = NULL;
  gsize size;

  *mark = NULL;
  if (g_str_has_suffix (display, CLOSE))
    open = g_strrstr (display, OPEN);
  if (!open)
    return g_strdup (display);
  size = strlen (open) - strlen (OPEN) - strlen (CLOSE);
  if (!is_mark (open + strlen (OPEN), size))
    return g_strdup (display);
  *mark = g_strndup (open + strlen (OPEN), size);
  return g_strchomp (g_strndup (display, open - display));
}

const gchar *
vm_janus_mark_find (const gchar *mark, const gchar *meeting_id)
{
  gsize size = meeting_id ? strlen (meeting_id) : 0;

  return mark && size && strncmp (mark, meeting_id, size) == 0
                 && mark[size] == ':'
             ? mark + size + 1
             : NULL;
}
