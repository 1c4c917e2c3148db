/** The index's hourly closes (IST) at which something is decided: by the exchange's hours, not by the product's own timetable. */
export const HOUR_CLOSES = ['10:15', '11:15', '12:15', '13:15', '14:15', '15:15'] as const;
