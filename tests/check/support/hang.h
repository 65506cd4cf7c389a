/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* An element "hang" that is stuck while it is opened, as the library of a sound
 * device may be, until the test lets it go. */

void hang_register (void);
/* Ends every hang, and waits until the elements are gone; FALSE when they
 * stay. */
gboolean hang_release (void);
