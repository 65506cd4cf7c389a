/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/stamp.h"

#define COUNTER_BITS 32
#define CHECK_BITS 14
#define N_CELLS (VMT_STAMP_COLUMNS * VMT_STAMP_ROWS)
#define CELL_WHITE 0
#define CELL_BLACK 1
#define CELL_DATA 2
#define HEIGHT_SHARE 3 /* the grid takes one third of the height */
#define LUMA_WHITE 235 /* ITU-R BT.601, studio range */
#define LUMA_BLACK 16
/* between the references; beneath it nothing is read */
#define MIN_CONTRAST 64

G_STATIC_ASSERT (CELL_DATA + COUNTER_BITS + CHECK_BITS == N_CELLS);

/* CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xffff) over the four bytes,
 * cut to CHECK_BITS: any two counters that differ in few bits differ in it. */
static guint32
check_bits (guint32 counter)
{
  guint32 crc = 0xffff;

  for (gint bit = COUNTER_BITS - 1; bit >= 0; bit--) {
    gboolean one = (counter >> bit & 1) != (crc >> 15 & 1);

    crc = crc << 1 & 0xffff;
    if (one)
      crc ^= 0x1021;
  }
  return crc & ((1 << CHECK_BITS) - 1);
}

static gboolean
frame_has_luma (GstVideoFrame *frame)
{
  const GstVideoFormatInfo *info = frame->info.finfo;

  return (GST_VIDEO_FORMAT_INFO_IS_YUV (info)
             || GST_VIDEO_FORMAT_INFO_IS_GRAY (info))
         && !GST_VIDEO_FORMAT_INFO_IS_COMPLEX (info)
         && GST_VIDEO_FORMAT_INFO_IS_TILED (info) == FALSE
         && GST_VIDEO_FORMAT_INFO_DEPTH (info, 0) == 8
         && GST_VIDEO_FRAME_WIDTH (frame) >= VMT_STAMP_MIN_WIDTH
         && GST_VIDEO_FRAME_HEIGHT (frame) >= VMT_STAMP_MIN_HEIGHT;
}

typedef struct
{
  gint x0, y0, x1, y1; /* pixels; the ends are outside */
} Rect;

/* The place of cell @index; @margin leaves out a share (1/margin) of the block
 * on each side, 0 nothing. */
static Rect
cell_rect (GstVideoFrame *frame, guint index, gint margin)
{
  gint width = GST_VIDEO_FRAME_WIDTH (frame);
  gint height = GST_VIDEO_FRAME_HEIGHT (frame) / HEIGHT_SHARE;
  gint column = index % VMT_STAMP_COLUMNS, row = index / VMT_STAMP_COLUMNS;
  Rect rect = {
    .x0 = width * column / VMT_STAMP_COLUMNS,
    .x1 = width * (column + 1) / VMT_STAMP_COLUMNS,
    .y0 = height * row / VMT_STAMP_ROWS,
    .y1 = height * (row + 1) / VMT_STAMP_ROWS,
  };

  if (margin) {
    gint dx = (rect.x1 - rect.x0) / margin, dy = (rect.y1 - rect.y0) / margin;

    rect.x0 += dx;
    rect.x1 -= dx;
    rect.y0 += dy;
    rect.y1 -= dy;
  }
  return rect;
}

static guint8 *
luma_at (GstVideoFrame *frame, gint x, gint y)
{
  return (guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, 0)
         + (gsize) y * GST_VIDEO_FRAME_COMP_STRIDE (frame, 0)
         + (gsize) x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);
}

static void
cell_fill (GstVideoFrame *frame, guint index, gboolean white)
{
  Rect rect = cell_rect (frame, index, 0);
  guint8 luma = white ? LUMA_WHITE : LUMA_BLACK;

  for (gint y = rect.y0; y < rect.y1; y++)
    for (gint x = rect.x0; x < rect.x1; x++)
      *luma_at (frame, x, y) = luma;
}

static gint
cell_mean (GstVideoFrame *frame, guint index)
{
  Rect rect = cell_rect (frame, index, 4);
  guint64 sum = 0;

  for (gint y = rect.y0; y < rect.y1; y++)
    for (gint x = rect.x0; x < rect.x1; x++)
      sum += *luma_at (frame, x, y);
  return sum / ((rect.x1 - rect.x0) * (rect.y1 - rect.y0));
}

gboolean
vmt_stamp_draw (GstVideoFrame *frame, guint32 counter)
{
  guint64 bits = (guint64) counter << CHECK_BITS | check_bits (counter);

  if (!frame_has_luma (frame))
    return FALSE;
  cell_fill (frame, CELL_WHITE, TRUE);
  cell_fill (frame, CELL_BLACK, FALSE);
  for (guint i = 0; i < COUNTER_BITS + CHECK_BITS; i++)
    cell_fill (
        frame, CELL_DATA + i, bits >> (COUNTER_BITS + CHECK_BITS - 1 - i) & 1);
  return TRUE;
}

static GstPadProbeReturn
draw_next (GstPad *pad, GstPadProbeInfo *probe, gpointer user_data)
{
  guint32 *counter = user_data; /* touched by the streaming thread alone */
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (probe));
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo info;
  GstVideoFrame frame;

  GST_PAD_PROBE_INFO_DATA (probe) = buffer;
  if (caps && gst_video_info_from_caps (&info, caps)
      && gst_video_frame_map (&frame, &info, buffer, GST_MAP_READWRITE)) {
    vmt_stamp_draw (&frame, *counter);
    gst_video_frame_unmap (&frame);
  }
  (*counter)++;
  return GST_PAD_PROBE_OK;
}

void
vmt_stamp_pad (GstPad *pad)
{
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, draw_next, g_new0 (guint32, 1), g_free);
}

gboolean
vmt_stamp_read (GstVideoFrame *frame, guint32 *counter)
{
  guint64 bits = 0;
  gint white, black;
  guint32 found;

  if (!frame_has_luma (frame))
    return FALSE;
  white = cell_mean (frame, CELL_WHITE);
  black = cell_mean (frame, CELL_BLACK);
  if (white - black < MIN_CONTRAST)
    return FALSE;
  for (guint i = 0; i < COUNTER_BITS + CHECK_BITS; i++)
    bits = bits << 1
           | (cell_mean (frame, CELL_DATA + i) * 2 > white + black ? 1 : 0);
  found = bits >> CHECK_BITS;
  if ((bits & ((1 << CHECK_BITS) - 1)) != check_bits (found))
    return FALSE;
  *counter = found;
  return TRUE;
}

void
vmt_stamp_row_add (VmtStampRow *row, guint32 counter)
{
  row->read++;
  if (!row->any) {
    row->any = TRUE;
    row->first = row->last = counter;
    return;
  }
  if (counter <= row->last) {
    row->repeated++;
    return;
  }
  row->missing += counter - row->last - 1;
  row->last = counter;
}

void
vmt_stamp_row_add_unreadable (VmtStampRow *row)
{
  if (row->any)
    row->unreadable++;
}
