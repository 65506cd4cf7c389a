/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A line that is typed on a terminal which hands over each key: cursor keys,
 * words, history and Tab (libedit). Nothing is drawn here. Main thread. */

#define VMT_EDITOR_LINE_MAX (8 * 1024) /* bytes */
#define VMT_HISTORY_MAX 500 /* lines */
/* of its file; of a larger one the end is read */
#define VMT_HISTORY_FILE_MAX (1024 * 1024) /* bytes */

typedef struct _VmtEditor VmtEditor;

typedef struct
{
  /* @line was entered, and is empty again. NULL: it was longer than
   * VMT_EDITOR_LINE_MAX. */
  void (*enter) (const gchar *line, gpointer user_data);
  /* Tab. @before: up to the cursor. What is to stand in its place, or NULL: the
   * same. Transfer full. */
  gchar *(*complete) (const gchar *before, gpointer user_data);
} VmtEditorFuncs;

/* NULL: there is no libedit, or it cannot begin. */
VmtEditor *vmt_editor_new (const VmtEditorFuncs *funcs, gpointer user_data);
void vmt_editor_free (VmtEditor *self);
/* @bytes as the terminal sends them; what is no whole key yet waits. */
void vmt_editor_take (VmtEditor *self, const gchar *bytes, gsize size);
/* @text, which has no newline, as if it were typed; and the line as if it had
 * not been. */
void vmt_editor_insert (VmtEditor *self, const gchar *text);
void vmt_editor_clear_line (VmtEditor *self);
/* The line so far; *@cursor: the bytes in front of the cursor. Transfer
 * full. */
gchar *vmt_editor_get_line (VmtEditor *self, gsize *cursor);

/* History, the latest last. A line that holds a secret is not remembered. */
void vmt_editor_remember (VmtEditor *self, const gchar *line);
/* From @path; nothing if it is not there, or not this user's alone. */
void vmt_editor_load_history (VmtEditor *self, const gchar *path);
/* What was remembered since, behind what @path holds by then; the last
 * VMT_HISTORY_MAX lines of both. */
gboolean
vmt_editor_save_history (VmtEditor *self, const gchar *path, GError **error);
