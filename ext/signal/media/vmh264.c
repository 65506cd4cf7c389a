/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmh264.h"

/* ITU-T H.264 table 7-1: slices, and partition A of one. */
#define NAL_SLICE 1
#define NAL_PARTITION_A 2
#define NAL_IDR 5

/* A slice header begins with first_mb_in_slice and slice_type, both ue(v)
 * (§7.3.3). Of the first slice of a picture the former is 0, one bit; a
 * slice_type of 1, "010", and 6, "00111", is B (table 7-6). */
static gboolean
is_b_slice (const guint8 *header)
{
  guint type = ((header[0] << 8 | header[1]) >> 7) & 0xff;

  return (header[0] & 0x80) && (type >> 5 == 0x2 || type >> 3 == 0x7);
}

gboolean
vm_h264_is_b_picture (const guint8 *data, gsize size)
{
  for (gsize i = 0; i + 6 <= size; i++) {
    guint nal;

    if (data[i] || data[i + 1] || data[i + 2] != 1)
      continue;
    nal = data[i + 3] & 0x1f;
    if (nal == NAL_SLICE || nal == NAL_PARTITION_A || nal == NAL_IDR)
      return is_b_slice (data + i + 4);
  }
  return FALSE;
}
