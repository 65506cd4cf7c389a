/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/trust/keys/vmidentity-priv.h>

/* Tokens that admit, put together by hand and signed without libjwt. */

#define PASS_SECRET "a secret between two, of 32 bytes or more"

/* base64url of each, with dots between; @signature: bytes as text. */
gchar *pass_token_of (
    const gchar *header, const gchar *claims, const gchar *signature);
gchar *pass_token_by_secret (const gchar *secret, const gchar *claims);
gchar *pass_token_by_key (VmIdentity *identity, const gchar *claims);
/* A good one by PASS_SECRET of exactly @size characters, until 2100. */
gchar *pass_token_of_size (gsize size);

gchar *pass_key_to_pem (VmIdentity *identity);
gchar *pass_private_key_to_pem (VmIdentity *identity);
/* A public key of P-384. */
gchar *pass_other_curve_to_pem (void);
