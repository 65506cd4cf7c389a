/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

/* A frame counter drawn into the luma of a picture, to tell at the far end
 * which frame arrived and whether it is whole. A grid of VMT_STAMP_COLUMNS x
 * VMT_STAMP_ROWS flat blocks covers the top third of the picture: a white and
 * a black reference, the 32 bits of the counter and 14 check bits. Blocks are
 * found by their share of the picture, so that scaling does not hide them, and
 * judged by the middle of each against the two references, so that a codec's
 * blur and a change of range do not either. */
#define VMT_STAMP_COLUMNS 16
#define VMT_STAMP_ROWS 3
#define VMT_STAMP_MIN_WIDTH 64 /* pixels: four a block */
#define VMT_STAMP_MIN_HEIGHT 36

/* Draws @counter into @frame, which must be mapped for writing and have an
 * 8-bit luma plane (I420, NV12, ...). Returns FALSE when it has none or is too
 * small. */
gboolean vmt_stamp_draw (GstVideoFrame *frame, guint32 counter);

/* Draws 0, 1, ... into the pictures that pass @pad. */
void vmt_stamp_pad (GstPad *pad);

/* Reads what vmt_stamp_draw() drew. FALSE when there is no whole stamp. */
gboolean vmt_stamp_read (GstVideoFrame *frame, guint32 *counter);

/* What a row of stamps says about the frames between the first and the last.
 * All zero before the first. */
typedef struct
{
  gboolean any; /* at least one stamp was read */
  guint32 first, last;
  guint64 read; /* stamps read */
  guint64 missing; /* counters skipped */
  guint64 repeated; /* counters not above the one before */
  guint64 unreadable; /* frames without a whole stamp, after the first */
} VmtStampRow;

void vmt_stamp_row_add (VmtStampRow *row, guint32 counter);
void vmt_stamp_row_add_unreadable (VmtStampRow *row);
