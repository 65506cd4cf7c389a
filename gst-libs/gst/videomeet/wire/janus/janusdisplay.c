/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/janus.h"

#include <string.h>

#define BEGINS "\xe2\x9f\xa8" /* U+27E8 */
#define ENDS "\xe2\x9f\xa9" /* U+27E9 */

gchar *
vm_janus_display_write (
    const gchar *user, const gchar *meeting_id, const gchar *id)
{
  g_autofree gchar *mark =
      g_strconcat (BEGINS, meeting_id, ":", id, ENDS, NULL);
  gsize size = strlen (mark) + 1;
  g_autofree gchar *name = size < VM_SIGNAL_NAME_MAX ? vm_text_to_label (
                               user, VM_SIGNAL_NAME_MAX - size)
                                                     : NULL;

  return name && *name ? g_strconcat (name, " ", mark, NULL)
                       : g_steal_pointer (&mark);
}

/* The last mark is the server's, whatever the name before it looks like. */
gchar *
vm_janus_display_read (const gchar *display, const gchar *meeting_id)
{
  const gchar *mark = display ? g_strrstr (display, BEGINS) : NULL;
  gsize size = strlen (meeting_id);
  const gchar *id, *end;

  if (!mark || !g_str_has_suffix (mark, ENDS))
    return NULL;
  mark += strlen (BEGINS);
  if (strncmp (mark, meeting_id, size) != 0 || mark[size] != ':')
    return NULL;
  id = mark + size + 1;
  end = id + strlen (id) - strlen (ENDS);
  return end > id && (gsize) (end - id) <= VM_SIGNAL_ID_MAX
             ? g_strndup (id, end - id)
             : NULL;
}
