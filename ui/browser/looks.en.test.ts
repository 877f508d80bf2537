// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { lookAtAll } from './looks';

lookAtAll('en');
