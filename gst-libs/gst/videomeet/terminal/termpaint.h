/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "terminal/termscreen.h"

/* Draws a screen onto a terminal of another size, by what differs, with one
 * status line below. What does not fit is cut; the part that is shown follows
 * the cursor. Sans-I/O: it writes into a GString what is for the terminal. */
typedef struct _VmTermPaint VmTermPaint;

/* @size: of the local terminal; above the limits, the limits are used. */
VmTermPaint *vm_term_paint_new (const VmTermSize *size);
void vm_term_paint_free (VmTermPaint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTermPaint, vm_term_paint_free)

void vm_term_paint_set_size (VmTermPaint *self, const VmTermSize *size);
/* @text: UTF-8, cut to the width, without control characters; NULL: no line,
 * the screen has all rows. */
void vm_term_paint_set_status (VmTermPaint *self, const gchar *text);
/* Whether keys and mouse reports of the local terminal are as the program of
 * @picture wants them; FALSE (the default): this viewer does not type. */
void vm_term_paint_set_input (VmTermPaint *self, gboolean input);
/* All is painted by the next vm_term_paint_draw(): the terminal was written to
 * by others. */
void vm_term_paint_forget (VmTermPaint *self);
void vm_term_paint_draw (
    VmTermPaint *self, const VmTermPicture *picture, GString *out);
/* The terminal as it was before the first draw: its main screen, its cursor and
 * keys. */
void vm_term_paint_end (VmTermPaint *self, GString *out);
