/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devices/camera.h"
#include "devices/portal.h"
#include "devices/slot.h"

/* What --source screen sends: the X display, or what the desktop shares. */

#define VMT_SCREEN_RATE 15 /* pictures a second */
/* The name of what the desktop shares, as of a device. */
#define VMT_SCREEN_NAME "screen"

/* Whether the desktop has to be asked: it is Wayland's, or there is no X
 * display. */
gboolean vmt_screen_is_asked_for (void);
/* The X display. Floating; NULL with a sentence. @region: of width 0 for all */
GstElement *vmt_screen_new (const VmtRegion *region, GError **error);
/* A slot with what the desktop shares, in which black stands in when that has
 * ended. Blocks while the person is asked. Floating; NULL with a sentence. */
VmtSlot *vmt_screen_slot_new (
    const VmtPortalConfig *config, const VmtRegion *region, GError **error);
