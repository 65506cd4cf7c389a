/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The size of what a camera sends, and the part of a screen. */

#define VMT_SIZE_MIN_WIDTH 64 /* pixels; both even */
#define VMT_SIZE_MIN_HEIGHT 36
#define VMT_SIZE_MAX_WIDTH 3840
#define VMT_SIZE_MAX_HEIGHT 2160
#define VMT_SIZE_MAX_RATE 60 /* pictures a second, from 1 */
#define VMT_REGION_MIN 16 /* pixels of either side */
#define VMT_REGION_MAX 32767 /* as far as X11 counts */

typedef struct
{
  guint width, height, rate;
} VmtSize;

/* What a meeting between laptops carries well. */
#define VMT_SIZE_DEFAULT ((VmtSize){ 1280, 720, 30 })

typedef struct
{
  guint x, y, width, height;
} VmtRegion;

/* "WIDTHxHEIGHT" or "WIDTHxHEIGHT@RATE"; errors are sentences for the user. */
gboolean vmt_size_parse (VmtSize *size, const gchar *text, GError **error);
/* "X,Y,WIDTH,HEIGHT" */
gboolean
vmt_region_parse (VmtRegion *region, const gchar *text, GError **error);

/* What of @offered, the caps of a camera, is closest to @size: of its size
 * and rate raw, and else as JPEG, which many cameras need for more than a few
 * pictures a second, or H.264; then of its size alone; then of any. Transfer
 * full; any caps when none of that is offered. */
GstCaps *vmt_size_choose (const VmtSize *size, const GstCaps *offered);
/* Whether what is chosen has the rate of @size already. */
gboolean vmt_size_is_rate_of (const VmtSize *size, const GstCaps *chosen);
/* The decoder of @caps of the highest rank; not those of hardware, which may
 * well be busy. Transfer full; NULL: there is none. */
gchar *vmt_find_decoder (const GstCaps *caps);
/* The part of a launch line, "… ! ", that makes raw pictures of @chosen: ""
 * where they are. Transfer full; NULL with a sentence: there is no decoder. */
gchar *vmt_size_decode_line (const GstCaps *chosen, GError **error);
