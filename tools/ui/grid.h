/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devices/slot.h"

/* Everybody in one window, in rows and columns that are made anew as people
 * come and go, and everybody's sound in one mix. Any thread. */

#define VMT_GRID_WIDTH 1280
#define VMT_GRID_HEIGHT 720
#define VMT_GRID_GAP 4 /* pixels around each picture */

typedef struct _VmtGrid VmtGrid;

#define VMT_NO_WINDOW "" /* nobody is shown, and everybody heard */

/* Part of @pipeline from now on; a pad may still be removed on another thread
 * when the pipeline has ended, so references are counted. @window and @speaker:
 * the elements it ends in, NULL for what this machine has. @device (nullable):
 * in place of @speaker. */
VmtGrid *vmt_grid_new (GstElement *pipeline, const gchar *window,
    const gchar *speaker, const VmtMediaDevice *device, GError **error);
/* Where the sound goes; the pipeline's. */
VmtSlot *vmt_grid_get_speaker (VmtGrid *self);
VmtGrid *vmt_grid_ref (VmtGrid *self);
void vmt_grid_unref (VmtGrid *self);
gboolean vmt_grid_has_window (const VmtGrid *self);
/* Whether this machine has something to show a window on. */
gboolean vmt_has_display (void);
/* Before it plays: participants' streams come @ms late by themselves. */
void vmt_grid_hold (VmtGrid *self, guint ms);
/* A sentence when nothing can be heard on this machine, else NULL. */
const gchar *vmt_grid_get_note (VmtGrid *self);

/* A pad that takes raw pictures (@name is written into them) or sound; floating
 * state: it belongs to the grid until it is removed. NULL when something is
 * missing. */
GstPad *vmt_grid_add (VmtGrid *self, gboolean video, const gchar *name);
void vmt_grid_remove (VmtGrid *self, GstPad *pad);
/* The window has no more to show, and says EOS. */
void vmt_grid_end (VmtGrid *self);

typedef struct
{
  gint x, y, width, height;
} VmtCell;

/* Where the picture @index of @n stands: rows of equal cells, filled from the
 * top, the last row in the middle. */
VmtCell vmt_grid_cell (guint n, guint index);
