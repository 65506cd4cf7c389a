/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Built without libedit: a terminal has the plain keys of typed.c. */

#include "ui/editor.h"

VmtEditor *
vmt_editor_new (const VmtEditorFuncs *funcs, gpointer user_data)
{
  return NULL;
}

void
vmt_editor_free (VmtEditor *self)
{
}

void
vmt_editor_take (VmtEditor *self, const gchar *bytes, gsize size)
{
}

void
vmt_editor_insert (VmtEditor *self, const gchar *text)
{
}

void
vmt_editor_clear_line (VmtEditor *self)
{
}

gchar *
vmt_editor_get_line (VmtEditor *self, gsize *cursor)
{
  *cursor = 0;
  return g_strdup ("");
}

void
vmt_editor_remember (VmtEditor *self, const gchar *line)
{
}

void
vmt_editor_load_history (VmtEditor *self, const gchar *path)
{
}

gboolean
vmt_editor_save_history (VmtEditor *self, const gchar *path, GError **error)
{
  return TRUE;
}
