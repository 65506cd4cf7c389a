/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/videomeet.h>

/* Devices of one test, each with a name, a folder, and a key and a store in it.
 */

extern VmNode *trust_node; /* of the process, off the network */

void trust_devices_setup (void);
void trust_devices_teardown (void);

/* Returns: (transfer full): the folder of @who */
gchar *trust_device_folder (const gchar *who);
/* Returns: (transfer full): */
VmTrustStore *trust_device_store (const gchar *who);
/* Returns: (transfer full): */
VmIdentity *trust_device_identity (const gchar *who);
/* @who has met @other. */
void trust_device_meet (const gchar *who, const gchar *other);
