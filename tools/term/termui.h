/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agentrun.h"

/* A terminal that several see, at this program's terminal: the screen, one
 * status line below, and keys. */

#define VMT_TERM_KEY 0x1d /* Ctrl-] begins a command */

typedef struct _VmtTermUi VmtTermUi;

typedef struct
{
  /* What was typed, but for commands. */
  void (*typed) (const guint8 *data, gsize size, gpointer user_data);
  /* Ctrl-] was typed: at once. */
  void (*attention) (gpointer user_data);
  /* And after it that key, but for Ctrl-] itself, which is typed. */
  void (*command) (gchar key, gpointer user_data);
  /* What the status line says, when nothing else is to be said. Returns:
   * (transfer full) */
  gchar *(*status) (gpointer user_data);
  /* Places for the screen: it is told at the beginning, and when it changes. */
  void (*resized) (guint columns, guint rows, gpointer user_data);
  /* The terminal is gone. */
  void (*gone) (gpointer user_data);
} VmtTermUiFuncs;

/* Takes the terminal. NULL: it cannot be had, or nothing draws a screen (meson
 * option `term`). */
VmtTermUi *vmt_term_ui_new (const VmtTermUiFuncs *funcs, gpointer user_data);
/* Gives it back. */
void vmt_term_ui_free (VmtTermUi *self);
/* Of what is said while the terminal is taken: it is shown in the status line
 * for a while. */
VmtOutput *vmt_term_ui_get_output (VmtTermUi *self);
/* The last that was said and is still to be read; or NULL. */
const gchar *vmt_term_ui_get_said (VmtTermUi *self);
void vmt_term_ui_say (VmtTermUi *self, const gchar *text);

void vmt_term_ui_resize (VmtTermUi *self, guint columns, guint rows);
void vmt_term_ui_show (VmtTermUi *self, GBytes *output);
/* Whether keys and mouse are as the program in the terminal wants them. */
void vmt_term_ui_set_input (VmtTermUi *self, gboolean input);
/* The status line is another. */
void vmt_term_ui_update (VmtTermUi *self);
